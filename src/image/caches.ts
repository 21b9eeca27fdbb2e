import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { diskError, errorCode, messageOf, UserError } from '../lib/errors.ts';
import { DAY_MS } from '../lib/time.ts';
import type { PipelineContext } from '../model/context.ts';
import type { EventSink } from '../model/events.ts';
import { makeFolder, temporaryOwner, writeBeside } from './disk.ts';
import { removeLeftFiles } from './owner.ts';

const MIB = 1024 * 1024;

/**
 * Every cache that there is, with the bytes it may take between runs: none is opened but by a name
 * of this table. The facts of a large layer take some megabytes.
 */
const LIMITS = {
  facts: 1024 * MIB,
  vulnerabilities: 256 * MIB,
  results: 128 * MIB,
  inspections: 512 * MIB,
  reports: 64 * MIB,
  layers: 64 * MIB,
  documents: 64 * MIB,
  'last-scorecards': 16 * MIB,
  'own-statements': 8 * MIB,
  bases: MIB,
  code: 32 * MIB,
  'clock-images': MIB,
  'clock-starts': MIB,
  docker: MIB,
  'head-starts': MIB,
  hints: MIB,
  images: MIB,
  'other-seeds': MIB,
  proofs: MIB,
  'public-halves': MIB,
  published: MIB,
  'second-builds': MIB,
  told: MIB,
} as const;

type CacheName = keyof typeof LIMITS;

/** Where a user's caches are, and who is warned where they cannot be written. */
export interface CacheHome {
  readonly paths: { readonly cache: string };
  readonly emit?: EventSink;
}

/**
 * Results kept between runs. Never throws: a bad entry counts as missing, and a result that cannot
 * be written is computed again next time. Safe for several processes.
 */
export interface JsonCache {
  get(key: string): Promise<unknown>;
  /** Values that are too large to keep (64 MiB) are let go. Where it fails, it warns once a run. */
  set(key: string, value: unknown): Promise<void>;
}

const MAX_ENTRY_BYTES = 64 * MIB;
/** A use is noted at most that often: what was read today need not be written to. */
const NOTE_USE_MS = DAY_MS;

/** Skips entries of another `schemaVersion`. */
export function openCache(
  home: CacheHome,
  name: CacheName,
  schemaVersion: string | number,
): JsonCache {
  const folder = join(home.paths.cache, name, `v${schemaVersion}`);
  const pathOf = (key: string): string =>
    join(folder, `${createHash('sha256').update(key).digest('hex')}.bin`);
  let made: Promise<void> | undefined;
  return {
    get: async (key) => {
      try {
        const bytes = await readEntry(pathOf(key));
        const head = Buffer.from(`${key}\n`);
        if (!bytes.subarray(0, head.length).equals(head)) return undefined;
        // eslint-disable-next-line no-restricted-syntax -- our own cache
        return JSON.parse(bytes.subarray(head.length).toString()) as unknown;
      } catch {
        return undefined;
      }
    },
    set: (key, value) =>
      orWarn(home, async () => {
        const entry = Buffer.from(`${key}\n${JSON.stringify(value)}`);
        if (entry.length > MAX_ENTRY_BYTES) return;
        await (made ??= makeFolder(folder).then(() => removeLeftFiles(folder)));
        await writeBeside(pathOf(key), entry);
      }),
  };
}

/** Homes of which it was said in this process. */
const warned = new Set<string>();

/** Does what keeps or trims caches. A build does not fail by it: a warning, once. */
export async function orWarn({ paths, emit }: CacheHome, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (emit === undefined || warned.has(paths.cache)) return;
    warned.add(paths.cache);
    const error = diskError(thrown);
    emit({
      kind: 'warning',
      text: `what was found out is not kept for the next run: ${messageOf(error)}`,
      ...(error instanceof UserError && error.nextStep !== undefined
        ? { nextStep: error.nextStep }
        : {}),
    });
  }
}

async function readEntry(path: string): Promise<Buffer> {
  const { size, mtimeMs } = await stat(path);
  if (size > MAX_ENTRY_BYTES) throw new Error('an entry that we did not write');
  const bytes = await readFile(path);
  const now = Date.now();
  // Of a disk that is only read, too, entries are read.
  if (now - mtimeMs > NOTE_USE_MS)
    await utimes(path, now / 1000, now / 1000).catch(() => undefined);
  return bytes;
}

/**
 * Trims every cache in `folder` to its limit; gives bytes freed. Safe while others read and write:
 * an entry that is gone is made again.
 */
export async function boundCaches(folder: string): Promise<number> {
  let freed = 0;
  for (const [name, limit] of Object.entries(LIMITS))
    freed += await boundCache(join(folder, name), limit);
  return freed;
}

/** Removes what was longest unused, whatever its schema, and what killed writers left. */
async function boundCache(dir: string, maxBytes: number): Promise<number> {
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
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return [];
    throw error;
  }
}

/** Trims caches once a day, after a run that filled them: it costs more than most runs. */
export async function boundKeptDaily(
  context: Pick<PipelineContext, 'paths' | 'now' | 'emit'>,
): Promise<void> {
  const { cache } = context.paths;
  const now = context.now();
  const stamp = join(cache, 'bounded');
  const last = await stat(stamp).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (now - last < DAY_MS && last <= now) return;
  await orWarn(context, async () => {
    await makeFolder(cache);
    await writeBeside(stamp, '');
    await boundCaches(cache);
  });
}
