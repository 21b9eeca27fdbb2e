import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
// eslint-disable-next-line no-restricted-imports -- the layout: a blob is renamed to the digest of what was written
import { chmod, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { wholeStream } from '../lib/bytes.ts';
import { UserError } from '../lib/errors.ts';
import type { Content, Descriptor, FileRange } from '../model/image.ts';
import { type Digest, digestHex, digestOf, parseDigest } from '../model/reference.ts';
import { diskError, errorCode, makeFolder, readError, temporaryPath } from './disk.ts';
import { MAX_DOCUMENT_BYTES } from './documents.ts';

type Stored = Pick<Descriptor, 'digest' | 'size'>;

/** A blob being written; it has its final name only after `commit`. */
interface BlobWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** Names it for its content. Throws where the content is not `expected`, and leaves nothing. */
  commit(expected?: Digest): Promise<Stored>;
  /** Gives it up and removes what was written; harmless after `commit`. */
  abort(): Promise<void>;
}

/** Starts a blob in `folder` under a temporary name; `finalPath` gives the path for its digest. */
async function startBlob(
  folder: string,
  finalPath: (digest: Digest) => string,
): Promise<BlobWriter> {
  const temporary = temporaryPath(folder);
  // eslint-disable-next-line no-restricted-syntax -- the layout: a blob is renamed to the digest of what was written
  const file = await open(temporary, 'wx', 0o644).catch((error: unknown) => {
    throw diskError(error, temporary);
  });
  const hash = createHash('sha256');
  let size = 0;
  let isDone = false;
  const abort = async (): Promise<void> => {
    if (isDone) return;
    isDone = true;
    await file.close();
    await rm(temporary, { force: true });
  };
  return {
    write: async (chunk) => {
      hash.update(chunk);
      size += chunk.length;
      await file.writeFile(chunk).catch((error: unknown) => {
        throw diskError(error, temporary);
      });
    },
    commit: async (expected) => {
      const digest = `sha256:${hash.digest('hex')}` as Digest;
      if (expected !== undefined && digest !== expected) {
        await abort();
        throw otherContent(expected, digest);
      }
      isDone = true;
      await file.close();
      await chmod(temporary, 0o444);
      await rename(temporary, finalPath(digest));
      return { digest, size };
    },
    abort,
  };
}

const READ_CHUNK = 1024 * 1024;

/** Files by digest, `FOLDER/sha256/HEX`: an OCI layout's `blobs` (image-spec, image-layout.md). */
export class BlobStore implements BlobSource {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  path(digest: Digest): string {
    return join(this.folder, 'sha256', digestHex(digest));
  }

  async prepare(): Promise<void> {
    await makeFolder(join(this.folder, 'sha256'));
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.size(digest)) !== undefined;
  }

  async size(digest: Digest): Promise<number | undefined> {
    try {
      const found = await stat(this.path(digest));
      return found.isFile() ? found.size : undefined;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** The whole blob, digest verified. Throws UserError if missing, over `cap` bytes, or damaged. */
  async read(digest: Digest, cap: number = MAX_DOCUMENT_BYTES): Promise<Uint8Array> {
    const size = await this.size(digest);
    if (size === undefined) throw missing(digest, this.folder);
    if (size > cap) throw new UserError(`blob ${digest} is larger than ${cap} bytes`);
    const file = await open(this.path(digest));
    try {
      const bytes = await file.readFile();
      if (digestOf(bytes) !== digest) throw damaged(digest, this.path(digest));
      return bytes;
    } finally {
      await file.close();
    }
  }

  /** A manifest, index or config of at most 4 MiB, size and digest verified by descriptor. */
  async readDocument(descriptor: Descriptor): Promise<Uint8Array> {
    const bytes = await this.read(descriptor.digest);
    if (bytes.length !== descriptor.size)
      throw new UserError(
        `${descriptor.digest} has ${bytes.length} bytes where ${descriptor.size} were stated`,
      );
    return bytes;
  }

  /** The blob's bytes from `start` to before `end`, unverified, in chunks of 1 MiB. */
  async *openRead(
    digest: Digest,
    { start = 0, end = Infinity }: { readonly start?: number; readonly end?: number } = {},
  ): AsyncIterable<Uint8Array> {
    const range = { start, end: end - 1, highWaterMark: READ_CHUNK };
    yield* createReadStream(this.path(digest), range) as AsyncIterable<Uint8Array>;
  }

  async write(bytes: Uint8Array): Promise<Stored> {
    const stored = { digest: digestOf(bytes), size: bytes.length };
    return (await this.size(stored.digest)) === stored.size
      ? stored
      : this.take([bytes], stored.digest);
  }

  /**
   * Stores all of `content`. Throws UserError where it is not `expected`, and at the first byte
   * over `most`; then nothing is left.
   */
  async take(
    content: AsyncIterable<Uint8Array> | readonly Uint8Array[],
    expected?: Digest,
    most = Infinity,
  ): Promise<Stored> {
    const writer = await this.createWriter();
    let size = 0;
    try {
      for await (const chunk of content) {
        size += chunk.length;
        if (size > most) throw new UserError(`${expected ?? 'it'} is larger than ${most} bytes`);
        await writer.write(chunk);
      }
      return await writer.commit(expected);
    } finally {
      await writer.abort();
    }
  }

  async file(digest: Digest): Promise<FileRange | undefined> {
    const length = await this.size(digest);
    return length === undefined ? undefined : { path: this.path(digest), start: 0, length };
  }

  /** Starts a blob of unknown digest; hashed while it is written. */
  createWriter(): Promise<BlobWriter> {
    return startBlob(join(this.folder, 'sha256'), (digest) => this.path(digest));
  }

  /** Every file of the store: blobs with their digest, leftovers with their name. */
  async list(): Promise<readonly { readonly name: string; readonly digest: Digest | undefined }[]> {
    const names = await readdir(join(this.folder, 'sha256'));
    return names.map((name) => ({ name, digest: parseDigest(`sha256:${name}`) }));
  }

  async sizeOf(name: string): Promise<number> {
    return (await stat(join(this.folder, 'sha256', name))).size;
  }

  /** Removes a file of the store by its name; gives the bytes freed. */
  async remove(name: string): Promise<number> {
    const path = join(this.folder, 'sha256', name);
    try {
      const { size } = await stat(path);
      await unlink(path);
      return size;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return 0;
      throw error;
    }
  }
}

function missing(digest: Digest, folder: string): UserError {
  return new UserError(`blob ${digest} is not in ${folder}`, {
    nextStep: 'Build the image again; a pruned or incomplete layout is filled by the build.',
  });
}

function damaged(digest: Digest, path: string): UserError {
  return new UserError(`blob ${digest} is damaged: its content has another digest`, {
    nextStep: `Remove ${path} and build the image again.`,
  });
}

/** Content-addressed bytes of one place: a layout's folder, an archive's entries. */
export interface BlobSource {
  readonly size: (digest: Digest) => Promise<number | undefined>;
  /** The blob's bytes from `start` on, unverified. */
  readonly openRead: (
    digest: Digest,
    options?: { readonly start?: number },
  ) => AsyncIterable<Uint8Array>;
  readonly file: (digest: Digest) => Promise<FileRange | undefined>;
}

/**
 * Gives the verified bytes of a document or small blob, undefined where the place lacks it.
 * Throws UserError over `cap` bytes.
 */
export type ReadDocument = (descriptor: Descriptor, cap: number) => Promise<Uint8Array | undefined>;

/** Attached blobs (an SBOM, a bundle) are read whole up to this. */
const MAX_ATTACHED_BYTES = 16 * 1024 * 1024;

/**
 * Reads from a place's blobs, size and digest verified against the descriptor; before them from
 * documents that it does not store.
 */
export function documentsOf(
  blobs: BlobSource,
  made: ReadonlyMap<Digest, Uint8Array> = new Map(),
): ReadDocument {
  return async (descriptor, cap) => {
    const own = made.get(descriptor.digest);
    if (own !== undefined) return own;
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
    readDocument: required(read, name, MAX_DOCUMENT_BYTES),
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

/** Reads what has to be there. Throws UserError if it is missing. */
export function required(
  read: ReadDocument,
  name: string,
  cap = MAX_ATTACHED_BYTES,
): (descriptor: Descriptor) => Promise<Uint8Array> {
  return async (descriptor) => {
    const bytes = await read(descriptor, cap);
    if (bytes !== undefined) return bytes;
    throw new UserError(`${name} is not complete: ${descriptor.digest} is missing`);
  };
}
