import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, makeFolder, temporaryOwner } from '../blobs/disk.ts';
import { writeBeside } from '../blobs/replace-file.ts';

/** Results kept between runs. Whatever is wrong with an entry, it is as if it were not there. */
interface Cache<T> {
  get(key: string): Promise<T | undefined>;
  /** Values that are too large to keep (64 MiB) are let go. */
  set(key: string, value: T): Promise<void>;
}

export type JsonCache = Cache<unknown>;

const MAX_ENTRY_BYTES = 64 * 1024 * 1024;
/** A use is noted at most that often: what was read today need not be written to. */
const NOTE_USE_MS = 24 * 60 * 60 * 1000;

/** A JSON cache in `dir`, safe for several processes. Skips entries of another `schemaVersion`. */
export function createCache(dir: string, schemaVersion: string | number): JsonCache {
  return cacheOf(join(dir, `v${schemaVersion}`), {
    extension: 'json',
    write: (key, value) => JSON.stringify({ key, value }),
    read: (bytes, key) => {
      const entry: unknown = JSON.parse(bytes.toString());
      const isOurs =
        typeof entry === 'object' && entry !== null && 'key' in entry && entry.key === key;
      return isOurs && 'value' in entry ? entry.value : undefined;
    },
  });
}

/** The same for bytes, which whoever reads them is to know for whole. */
export function createBytesCache(dir: string, schemaVersion: string | number): Cache<Buffer> {
  return cacheOf(join(dir, `v${schemaVersion}`), {
    extension: 'bin',
    write: (key, bytes) => Buffer.concat([Buffer.from(`${key}\n`), bytes]),
    read: (bytes, key) => {
      const head = Buffer.from(`${key}\n`);
      return bytes.subarray(0, head.length).equals(head) ? bytes.subarray(head.length) : undefined;
    },
  });
}

interface EntryForm<T> {
  readonly extension: string;
  readonly write: (key: string, value: T) => string | Buffer;
  /** Undefined for another key's; may throw. */
  readonly read: (bytes: Buffer, key: string) => T | undefined;
}

function cacheOf<T>(folder: string, { extension, write, read }: EntryForm<T>): Cache<T> {
  const pathOf = (key: string): string =>
    join(folder, `${createHash('sha256').update(key).digest('hex')}.${extension}`);
  let made: Promise<void> | undefined;
  return {
    get: async (key) => {
      try {
        return read(await readEntry(pathOf(key)), key);
      } catch {
        return undefined;
      }
    },
    set: async (key, value) => {
      const entry = write(key, value);
      if (entry.length > MAX_ENTRY_BYTES) return;
      await (made ??= makeFolder(folder));
      await writeBeside(pathOf(key), entry);
    },
  };
}

async function readEntry(path: string): Promise<Buffer> {
  const { size, mtimeMs } = await stat(path);
  if (size > MAX_ENTRY_BYTES) throw new Error('an entry that we did not write');
  const bytes = await readFile(path);
  const now = Date.now();
  if (now - mtimeMs > NOTE_USE_MS) await utimes(path, now / 1000, now / 1000);
  return bytes;
}

/**
 * Removes what was longest unused of a cache, whatever its schema, until at most `maxBytes` are
 * left, and what killed writers left; gives bytes freed. Safe while others read and write: an entry
 * that is gone is made again.
 */
export async function boundCache(dir: string, maxBytes: number): Promise<number> {
  const folders = (await namesIn(dir)).filter((name) => /^v[\w.-]+$/.test(name));
  const files = (await Promise.all(folders.map((name) => filesIn(join(dir, name))))).flat();
  let kept = 0;
  let freed = 0;
  for (const file of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    kept += file.size;
    if (kept <= maxBytes && !file.leftover) continue;
    await rm(file.path, { force: true });
    freed += file.size;
  }
  return freed;
}

/** A temporary file counts as left over an hour after it was last written. */
async function filesIn(
  folder: string,
): Promise<readonly { path: string; size: number; mtimeMs: number; leftover: boolean }[]> {
  const files = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() !== true) continue;
    const { size, mtimeMs } = found;
    const leftover = temporaryOwner(name) !== undefined && Date.now() - mtimeMs > 3_600_000;
    files.push({ path, size, mtimeMs, leftover });
  }
  return files;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
