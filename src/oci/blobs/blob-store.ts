import { createReadStream } from 'node:fs';
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestHex, digestOf, parseDigest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { MAX_DOCUMENT_BYTES } from '../documents.ts';
import { type BlobWriter, startBlob } from './blob-writer.ts';
import { errorCode, makeFolder } from './disk.ts';

const READ_CHUNK = 1024 * 1024;

/** Files by digest, `FOLDER/sha256/HEX`: an OCI layout's `blobs` (image-spec, image-layout.md). */
export class BlobStore {
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

  /** Bytes of the blob, undefined where it is not here. */
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

  /** The blob's bytes from `start` on, unverified, in chunks of 1 MiB. */
  openRead(digest: Digest, options: { readonly start?: number } = {}): AsyncIterable<Uint8Array> {
    return createReadStream(this.path(digest), {
      start: options.start ?? 0,
      highWaterMark: READ_CHUNK,
    });
  }

  /** Stores the bytes unless they are here. */
  async write(bytes: Uint8Array): Promise<{ readonly digest: Digest; readonly size: number }> {
    const digest = digestOf(bytes);
    if ((await this.size(digest)) === bytes.length) return { digest, size: bytes.length };
    const writer = await this.createWriter();
    try {
      await writer.write(bytes);
      return await writer.commit(digest);
    } finally {
      await writer.abort();
    }
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

  /** Bytes of a file of the store by its name. */
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
