import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { claimAlone } from '../../oci/layout/owner.ts';
import { databaseFile } from '../../tools/advisories/advisory-entry.ts';
import type { DatabaseMeta } from '../../tools/advisories/database-file.ts';
import type { PipelineContext } from '../context.ts';
import { databaseFolder, seenEcosystems } from './database-folder.ts';
import { readableMeta } from './update-database.ts';

/** What there is for an ecosystem: a database, or images that would need one. */
export interface DatabaseState {
  readonly ecosystem: string;
  /** Absent where a database is missing or cannot be read. */
  readonly meta?: DatabaseMeta;
  readonly bytes: number;
  /** When an image with packages of it was last graded, milliseconds since 1970. */
  readonly seen?: number;
}

type Home = Pick<PipelineContext, 'paths' | 'now'>;

const SUFFIX = '.advisories';

/** All databases on this machine, and the ecosystems that lack one. */
export async function listDatabases(home: Home): Promise<readonly DatabaseState[]> {
  const folder = databaseFolder(home);
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(SUFFIX));
  const seen = await seenEcosystems(home);
  const names = files.map((name) => decodeURIComponent(name.slice(0, -SUFFIX.length)));
  return Promise.all(
    [...new Set([...names, ...seen.keys()])].sort().map(async (ecosystem) => {
      const path = join(folder, databaseFile(ecosystem));
      const meta = readableMeta(path);
      const last = seen.get(ecosystem);
      return {
        ecosystem,
        ...(meta === undefined ? {} : { meta }),
        bytes: await sizeOf(path),
        ...(last === undefined ? {} : { seen: last }),
      };
    }),
  );
}

/** Named ones go; else those that no image was graded with for `unusedMs`. Gives what went. */
export async function pruneDatabases(
  home: Home,
  named: readonly string[],
  unusedMs: number,
): Promise<readonly DatabaseState[]> {
  const gone: DatabaseState[] = [];
  for (const state of await listDatabases(home)) {
    const { ecosystem, seen, meta } = state;
    const last = Math.max(seen ?? 0, Date.parse(meta?.fetched ?? '') || 0);
    const goes = named.length > 0 ? named.includes(ecosystem) : home.now() - last > unusedMs;
    if (goes && (await remove(home, ecosystem))) gone.push(state);
  }
  return gone;
}

/** False where an update is under way. */
async function remove(home: Home, ecosystem: string): Promise<boolean> {
  const path = join(databaseFolder(home), databaseFile(ecosystem));
  if ((await sizeOf(path)) === 0 && (await sizeOf(`${path}.part`)) === 0) return false;
  const lock = `${path}.lock`;
  if (!(await claimAlone(lock))) return false;
  try {
    for (const end of ['', '.part', '.part.json']) await rm(`${path}${end}`, { force: true });
    return true;
  } finally {
    await rm(lock, { force: true });
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
