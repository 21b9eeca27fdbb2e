import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../../model/errors.ts';
import { readError } from '../blobs/read-error.ts';

const READ_CHUNK = 1024 * 1024;

/** A file that is read by offset. */
export class RandomFile {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #path: string | undefined;

  /** `path` is left out for a file that has no name any more. */
  constructor(handle: FileHandle, size: number, path?: string) {
    this.#handle = handle;
    this.#path = path;
    this.size = size;
  }

  /** What any thread of this process opens the file by, while it is open here. */
  get path(): string {
    return this.#path ?? `/dev/fd/${this.#handle.fd}`;
  }

  /** Up to `length` bytes from `offset` on; fewer at the file's end. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.size - offset)));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read(
        buffer,
        filled,
        buffer.length - filled,
        offset + filled,
      );
      if (bytesRead === 0) throw new UserError('the archive became shorter while it was read');
      filled += bytesRead;
    }
    return buffer;
  }

  /** `length` bytes from `offset` on, in chunks of 1 MiB, one read ahead of who takes them. */
  async *stream(offset: number, length: number): AsyncIterable<Uint8Array> {
    const end = offset + length;
    const next = (at: number): Promise<Uint8Array> | undefined => {
      if (at >= end) return undefined;
      const reading = this.read(at, Math.min(READ_CHUNK, end - at));
      // It may fail before anybody waits for it.
      reading.catch(() => undefined);
      return reading;
    };
    let at = offset;
    let ahead = next(at);
    while (ahead !== undefined) {
      const chunk = await ahead;
      at += chunk.length;
      ahead = chunk.length === 0 ? undefined : next(at);
      yield chunk;
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Opens a regular file; a pipe or device, read only once, stays as it is. May throw UserError. */
export async function openRandomFile(path: string): Promise<RandomFile | FileHandle> {
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw readError(error, path);
  });
  const found = await handle.stat();
  if (found.isDirectory()) {
    await handle.close();
    throw readError({ code: 'EISDIR' }, path);
  }
  return found.isFile() ? new RandomFile(handle, found.size, path) : handle;
}
