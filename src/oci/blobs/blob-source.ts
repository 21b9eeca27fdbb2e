import { createHash } from 'node:crypto';
import { type Digest, digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { Content } from '../../model/opened-image.ts';
import type { FileRange } from '../../model/walk.ts';
import { wholeStream } from '../../model/whole-stream.ts';
import { MAX_DOCUMENT_BYTES } from '../documents.ts';
import type { BlobStore } from './blob-store.ts';
import { readError } from './read-error.ts';

/** Content-addressed bytes of one place: a layout's folder, an archive's entries. */
export interface BlobSource {
  /** Bytes of the blob, undefined where it is not here. */
  readonly size: (digest: Digest) => Promise<number | undefined>;
  /** The blob's bytes from `start` on, unverified. */
  readonly openRead: (
    digest: Digest,
    options?: { readonly start?: number },
  ) => AsyncIterable<Uint8Array>;
  /** Where its bytes lie in a file, undefined where they do not. */
  readonly file: (digest: Digest) => Promise<FileRange | undefined>;
}

/** The blobs of a layout's folder, and of the store of builds. */
export function folderBlobs(store: BlobStore): BlobSource {
  return {
    size: (digest) => store.size(digest),
    openRead: (digest, options) => store.openRead(digest, options),
    file: async (digest) => {
      const length = await store.size(digest);
      return length === undefined ? undefined : { path: store.path(digest), start: 0, length };
    },
  };
}

/**
 * Gives the verified bytes of a document or small blob, undefined where the place lacks it.
 * Throws UserError over `cap` bytes.
 */
export type ReadDocument = (descriptor: Descriptor, cap: number) => Promise<Uint8Array | undefined>;

/** Attached blobs (an SBOM, a bundle) are read whole up to this. */
const MAX_ATTACHED_BYTES = 16 * 1024 * 1024;

/** Reads from a place's blobs, size and digest verified against the descriptor. */
export function documentsOf(blobs: BlobSource): ReadDocument {
  return async (descriptor, cap) => {
    try {
      const stored = await blobs.size(descriptor.digest);
      if (stored === undefined) return undefined;
      checkSize(descriptor, stored, cap);
      return verified(descriptor, await wholeOf(blobs.openRead(descriptor.digest), cap));
    } catch (error) {
      throw readError(error, descriptor.digest);
    }
  };
}

/** Content of a foreign place: documents from `read`, blobs verified while they are read. */
export function verifiedContent(blobs: BlobSource, read: ReadDocument, name: string): Content {
  return {
    has: async (digest) => (await blobs.size(digest)) !== undefined,
    readDocument: async (descriptor) => {
      const bytes = await read(descriptor, MAX_DOCUMENT_BYTES);
      if (bytes === undefined)
        throw new UserError(`${name} is not complete: ${descriptor.digest} is missing`);
      return bytes;
    },
    openRead: async function* (digest, { start = 0, size }) {
      const stored = await blobs.size(digest);
      if (stored === undefined)
        throw new UserError(`${name} lacks ${digest}`, {
          nextStep: 'Fetch or save the image again: it is not complete.',
        });
      checkSize({ digest, size }, stored, Infinity);
      const bytes = blobs.openRead(digest, { start });
      yield* start === 0 ? withDigest(bytes, digest) : bytes;
    },
  };
}

/** The same bytes; throws UserError at their end where they are not those of the digest. */
async function* withDigest(
  bytes: AsyncIterable<Uint8Array>,
  digest: Digest,
): AsyncIterable<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  const found = `sha256:${hash.digest('hex')}`;
  if (found !== digest) throw otherContent(digest, found);
}

/** All of a stream, at most `cap` bytes. */
export async function wholeOf(stream: AsyncIterable<Uint8Array>, cap: number): Promise<Uint8Array> {
  const bytes = await wholeStream(stream, cap);
  if (bytes === undefined) throw new UserError(`a document is larger than ${cap} bytes`);
  return bytes;
}

/** Throws UserError if `stored` is over `cap` or is not the size that the descriptor gives. */
export function checkSize(
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  stored: number,
  cap: number,
): void {
  if (stored > cap) throw new UserError(`${digest} is larger than ${cap} bytes`);
  if (stored !== size)
    throw new UserError(`${digest} has ${stored} bytes where ${size} were stated`);
}

/** The bytes, where they are those of the descriptor. */
export function verified(descriptor: Descriptor, bytes: Uint8Array): Uint8Array {
  checkSize(descriptor, bytes.length, Infinity);
  const digest = digestOf(bytes);
  if (digest !== descriptor.digest) throw otherContent(descriptor.digest, digest);
  return bytes;
}

function otherContent(stated: Digest, found: string): UserError {
  return new UserError(`${stated} has other content: its digest is ${found}`, {
    nextStep: 'Fetch the image again: it was damaged or changed.',
  });
}

/** `readBlob` of an opened image: what is missing is an error. */
export function readBlobOf(
  read: ReadDocument,
  name: string,
): (descriptor: Descriptor) => Promise<Uint8Array> {
  return async (descriptor) => {
    const bytes = await read(descriptor, MAX_ATTACHED_BYTES);
    if (bytes === undefined) throw new UserError(`${name} lacks ${descriptor.digest}`);
    return bytes;
  };
}
