import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isThere } from '../../oci/blobs/disk.ts';
import { claimAlone, isClaimed } from '../../oci/layout/owner.ts';
import { CLAIM } from './stage-context.ts';

const UNUSED_MS = 7 * 24 * 60 * 60 * 1000;

interface Staged {
  readonly folder: string;
  readonly usedAt: number;
  readonly bytes: number;
  readonly isStale: boolean;
}

/**
 * Removes folders that stood for contexts: those whose context is gone, that no build has used for
 * a week, or that a dead process left, then the longest unused until the copies in the rest take at
 * most `maxBytes`. One that a build holds stays. Gives the bytes freed.
 */
export async function boundContexts(home: string, maxBytes: number, now: number): Promise<number> {
  const names = await readdir(home).catch(() => []);
  const found: Staged[] = [];
  for (const name of names)
    if (!(await isClaimed(join(home, name, CLAIM), now)))
      found.push(await look(join(home, name), now));
  let left = found.reduce((sum, { bytes }) => sum + bytes, 0);
  let freed = 0;
  for (const { folder, bytes, isStale } of found.sort((a, b) => a.usedAt - b.usedAt)) {
    if (!isStale && left <= maxBytes) continue;
    // A build may have taken it since: the process with the claim has the folder.
    if (!(await claimAlone(join(folder, CLAIM)))) continue;
    await rm(folder, { recursive: true, force: true });
    left -= bytes;
    freed += bytes;
  }
  return freed;
}

async function look(folder: string, now: number): Promise<Staged> {
  const file = join(folder, 'record.json');
  try {
    const { mtimeMs } = await stat(file);
    const read = JSON.parse(await readFile(file, 'utf8')) as {
      readonly source: string;
      readonly record: Readonly<Record<string, readonly number[]>>;
    };
    const bytes = Object.values(read.record).reduce((sum, [size = 0]) => sum + size, 0);
    const found = await isThere(read.source);
    return { folder, usedAt: mtimeMs, bytes, isStale: !found || now - mtimeMs > UNUSED_MS };
  } catch {
    return { folder, usedAt: 0, bytes: 0, isStale: true };
  }
}
