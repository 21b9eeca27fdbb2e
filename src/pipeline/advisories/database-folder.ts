import { statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../oci/blobs/disk.ts';
import { writeBeside } from '../../oci/blobs/replace-file.ts';
import { type CacheHome, orWarn } from '../../oci/layout/caches.ts';
import { isFamily } from '../../tools/advisories/advisory-entry.ts';
import { familyOf } from '../../tools/osv/osv-names.ts';
import type { PipelineContext } from '../context.ts';

/** Where databases of advisories are kept; another form of them gets another folder. */
export function databaseFolder({ paths }: CacheHome): string {
  return join(paths.cache, 'advisories', 'v2');
}

/** Changes when a database does; 0 where there is none. */
export function databaseStamp(home: CacheHome): number {
  try {
    return statSync(databaseFolder(home)).mtimeMs;
  } catch {
    return 0;
  }
}

function seenFolder({ paths }: CacheHome): string {
  return join(paths.cache, 'advisories', 'seen');
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Notes, once a day, the ecosystems of an image's packages: their databases are worth fetching. */
export async function noteEcosystems(
  context: CacheHome & Pick<PipelineContext, 'now'>,
  ecosystems: readonly string[],
): Promise<void> {
  const folder = seenFolder(context);
  for (const family of new Set(ecosystems.map(familyOf).filter(isFamily))) {
    const mark = join(folder, encodeURIComponent(family));
    const last = await stat(mark).catch(() => undefined);
    if (last !== undefined && Math.abs(context.now() - last.mtimeMs) < DAY_MS) continue;
    await orWarn(context, async () => {
      await makeFolder(folder);
      await writeBeside(mark, '');
    });
  }
}

/** The ecosystems of images that were graded, and when one last was, milliseconds since 1970. */
export async function seenEcosystems(home: CacheHome): Promise<ReadonlyMap<string, number>> {
  const folder = seenFolder(home);
  const names = (await readdir(folder).catch(() => [])).map(decoded).filter(isFamily).sort();
  const seen = new Map<string, number>();
  for (const name of names) {
    const found = await stat(join(folder, encodeURIComponent(name))).catch(() => undefined);
    if (found !== undefined) seen.set(name, found.mtimeMs);
  }
  return seen;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return '';
  }
}
