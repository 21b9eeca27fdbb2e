import { createHash } from 'node:crypto';
import { chmod, type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { diskError, temporaryPath } from './disk.ts';

/** A blob being written; it has its final name only after `commit`. */
export interface BlobWriter {
  write(chunk: Uint8Array): Promise<void>;
  /** Names it for its content. Throws where the content is not `expected`, and leaves nothing. */
  commit(expected?: Digest): Promise<{ readonly digest: Digest; readonly size: number }>;
  /** Gives it up and removes what was written; harmless after `commit`. */
  abort(): Promise<void>;
}

/** Starts a blob in `folder` under a temporary name; `finalPath` gives the path for its digest. */
export async function startBlob(
  folder: string,
  finalPath: (digest: Digest) => string,
): Promise<BlobWriter> {
  const temporary = temporaryPath(folder);
  const file = await open(temporary, 'wx', 0o644).catch((error: unknown) => {
    throw diskError(error, temporary);
  });
  return new HashingWriter(file, temporary, finalPath);
}

class HashingWriter implements BlobWriter {
  readonly #file: FileHandle;
  readonly #temporary: string;
  readonly #finalPath: (digest: Digest) => string;
  readonly #hash = createHash('sha256');
  #size = 0;
  #done = false;

  constructor(file: FileHandle, temporary: string, finalPath: (digest: Digest) => string) {
    this.#file = file;
    this.#temporary = temporary;
    this.#finalPath = finalPath;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#size += chunk.length;
    try {
      await this.#file.writeFile(chunk);
    } catch (error) {
      throw diskError(error, this.#temporary);
    }
  }

  async commit(expected?: Digest): Promise<{ digest: Digest; size: number }> {
    const digest = `sha256:${this.#hash.digest('hex')}` as Digest;
    if (expected !== undefined && digest !== expected) {
      await this.abort();
      throw new UserError(`content has digest ${digest} where ${expected} was expected`);
    }
    this.#done = true;
    await this.#file.close();
    await chmod(this.#temporary, 0o444);
    await rename(this.#temporary, this.#finalPath(digest));
    return { digest, size: this.#size };
  }

  async abort(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#file.close();
    await rm(this.#temporary, { force: true });
  }
}
