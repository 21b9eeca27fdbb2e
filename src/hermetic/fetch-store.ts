import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, digestHex, digestOf } from '../model/digest.ts';

/** Bytes of answers by digest, of one lock file alone: a lock cannot name what another one's builds have fetched. */
export interface FetchStore {
  readonly writer: () => Promise<FetchWriter>;
  /** True where the bytes are there and have this digest. */
  readonly verify: (digest: Digest) => Promise<boolean>;
  /** Bytes `start` to before `end`. */
  readonly read: (digest: Digest, start?: number, end?: number) => AsyncIterable<Uint8Array>;
}

/** A body that is being written; it is in the store when `commit` has resolved, whole or not at all. */
export interface FetchWriter {
  readonly write: (chunk: Uint8Array) => Promise<void>;
  readonly commit: () => Promise<{ readonly digest: Digest; readonly size: number }>;
  readonly abort: () => Promise<void>;
}

/** The store of a lock file, `path` being absolute. Only this user can read it. */
export async function openFetchStore(cache: string, path: string): Promise<FetchStore> {
  const folder = join(cache, 'fetches', digestHex(digestOf(path)));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const file = (digest: Digest): string => join(folder, digestHex(digest));
  const verified = new Set<Digest>();
  return {
    writer: () => newWriter(folder, file),
    verify: async (digest) => {
      if (verified.has(digest)) return true;
      const hash = createHash('sha256');
      try {
        for await (const chunk of createReadStream(file(digest)) as AsyncIterable<Buffer>)
          hash.update(chunk);
      } catch {
        return false;
      }
      const isRight = hash.digest('hex') === digestHex(digest);
      if (isRight) verified.add(digest);
      return isRight;
    },
    read: (digest, start = 0, end) =>
      end !== undefined && end <= start
        ? nothing()
        : createReadStream(file(digest), {
            start,
            ...(end === undefined ? {} : { end: end - 1 }),
          }),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // No bytes.
}

async function newWriter(folder: string, file: (digest: Digest) => string): Promise<FetchWriter> {
  const path = join(folder, `.${randomUUID()}.part`);
  const handle: FileHandle = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  return {
    write: async (chunk) => {
      hash.update(chunk);
      size += chunk.length;
      let at = 0;
      while (at < chunk.length) at += (await handle.write(chunk, at)).bytesWritten;
    },
    commit: async () => {
      const digest = `sha256:${hash.digest('hex')}` as Digest;
      await handle.close();
      await rename(path, file(digest));
      return { digest, size };
    },
    abort: async () => {
      await handle.close().catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}
