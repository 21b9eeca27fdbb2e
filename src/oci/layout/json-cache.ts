import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, makeFolder, temporaryOwner, writeBeside } from './disk.ts';

/** Results kept between runs. Whatever is wrong with an entry, it is as if it were not there. */
export interface JsonCache {
  get(key: string): Promise<unknown>;
  /** Values that are too large to keep (64 MiB) are let go. */
  set(key: string, value: unknown): Promise<void>;
}

const MAX_ENTRY_BYTES = 64 * 1024 * 1024;
/** A use is noted at most that often: what was read today need not be written to. */
const NOTE_USE_MS = 24 * 60 * 60 * 1000;

/** A cache in `dir`; entries of another `schemaVersion` are not seen. Safe for several processes at once. */
export function createCache(dir: string, schemaVersion: string | number): JsonCache {
  const folder = join(dir, `v${schemaVersion}`);
  const pathOf = (key: string): string =>
    join(folder, `${createHash('sha256').update(key).digest('hex')}.json`);
  let made: Promise<void> | undefined;
  return {
    get: (key) => readEntry(pathOf(key), key),
    set: async (key, value) => {
      const text = JSON.stringify({ key, value });
      if (text.length > MAX_ENTRY_BYTES) return;
      await (made ??= makeFolder(folder));
      await writeBeside(pathOf(key), text);
    },
  };
}

async function readEntry(path: string, key: string): Promise<unknown> {
  try {
    const { size, mtimeMs } = await stat(path);
    if (size > MAX_ENTRY_BYTES) return undefined;
    const entry: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof entry !== 'object' || entry === null || !('key' in entry) || !('value' in entry))
      return undefined;
    if (entry.key !== key) return undefined;
    const now = Date.now();
    if (now - mtimeMs > NOTE_USE_MS) await utimes(path, now / 1000, now / 1000);
    return entry.value;
  } catch {
    return undefined;
  }
}

/**
 * Removes what was longest unused of a cache, whatever its schema, until at most `maxBytes` are left, and what killed writers left; gives
 * bytes freed. Safe while others read and write: an entry that is gone is made again.
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
