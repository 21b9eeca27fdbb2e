import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
// eslint-disable-next-line no-restricted-imports -- a body is renamed to the digest of what was written
import { chmod, type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { diskErrorIn, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { type Digest, digestHex, digestOf } from '../model/reference.ts';

/**
 * Bytes of answers by digest. One per lock file, so that a lock cannot name answers of other
 * builds.
 */
export type FetchStore = Awaited<ReturnType<typeof openFolder>>;

/** A lock file's store; `path` is absolute. Only this user can read it. */
export function openFetchStore(cache: string, path: string): Promise<FetchStore> {
  return openFolder(join(cache, 'fetches', digestHex(digestOf(path))));
}

/** A store in its own folder. Only this user can read it. */
export async function openFolder(folder: string) {
  await makeFolders(folder, { mode: 0o700 });
  await chmod(folder, 0o700);
  await removeAbandoned(folder);
  const file = (digest: Digest): string => join(folder, digestHex(digest));
  const verified = new Map<Digest, number>();
  type Stated = { readonly digest: Digest; readonly size: number };
  return {
    writer: () => newWriter(folder, file),
    /** The path of the bytes, which may be missing. */
    path: file,
    /** True if the bytes exist with the stated size and digest. */
    verify: async ({ digest, size }: Stated): Promise<boolean> => {
      const known = verified.get(digest);
      if (known !== undefined) return known === size;
      const hash = createHash('sha256');
      let length = 0;
      try {
        for await (const chunk of createReadStream(file(digest)) as AsyncIterable<Buffer>) {
          hash.update(chunk);
          length += chunk.length;
        }
      } catch {
        return false;
      }
      if (hash.digest('hex') !== digestHex(digest)) return false;
      verified.set(digest, length);
      return length === size;
    },
    /** Bytes `start` to before `end`. */
    read: (digest: Digest, start = 0, end = Infinity): AsyncIterable<Uint8Array> =>
      end <= start ? nothing() : createReadStream(file(digest), { start, end: end - 1 }),
  };
}

/** In milliseconds. A killed build left a partial file that is older. */
const ABANDONED_MS = 60 * 60 * 1000;

async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.part')) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS)
      await rm(path, { force: true });
  }
}

export async function* nothing(): AsyncGenerator<Uint8Array> {
  // Without bytes.
}

/** A body being written: in the store once `commit` resolves, not before. */
async function newWriter(folder: string, file: (digest: Digest) => string) {
  const path = join(folder, `.${randomUUID()}.part`);
  // eslint-disable-next-line no-restricted-syntax -- a body is renamed to the digest of what was written
  const handle: FileHandle = await open(path, 'wx', 0o600);
  const hash = createHash('sha256');
  let size = 0;
  return {
    write: async (chunk: Uint8Array): Promise<void> => {
      hash.update(chunk);
      size += chunk.length;
      let at = 0;
      try {
        while (at < chunk.length) at += (await handle.write(chunk, at)).bytesWritten;
      } catch (error) {
        throw diskErrorIn(path, error);
      }
    },
    /** Throws UserError if the content is not `expected`. */
    commit: async (expected?: Digest) => {
      const digest = `sha256:${hash.digest('hex')}` as Digest;
      if (expected !== undefined && digest !== expected)
        throw new UserError(`${expected} has other content: its digest is ${digest}`);
      await handle.close();
      await rename(path, file(digest));
      return { digest, size };
    },
    abort: async (): Promise<void> => {
      await handle.close().catch(() => undefined);
      await rm(path, { force: true });
    },
  };
}
