import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolders } from '../lib/make-folders.ts';
import { boundCache } from '../oci/layout/json-cache.ts';
import type { PipelineContext } from './context.ts';
import { boundContexts } from './contexts/bound-contexts.ts';

const MIB = 1024 * 1024;

/** Bytes that each cache may hold between runs. The facts of a large layer take some megabytes. */
export const CACHE_LIMITS: Readonly<Record<string, number>> = {
  facts: 1024 * MIB,
  trees: 256 * MIB,
  vulnerabilities: 256 * MIB,
  results: 128 * MIB,
  'last-scorecards': 16 * MIB,
  reports: 64 * MIB,
  layers: 64 * MIB,
  documents: 64 * MIB,
  proofs: MIB,
  'public-halves': MIB,
  'own-statements': 8 * MIB,
};

/** Copies of what git tracks, in folders that stand for contexts. */
const CONTEXTS_LIMIT = 8 * 1024 * MIB;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Trims every cache to its limit, the longest unused first; gives bytes freed. */
export async function boundCaches(folder: string, now = Date.now()): Promise<number> {
  let freed = await boundContexts(join(folder, 'contexts'), CONTEXTS_LIMIT, now);
  for (const [name, limit] of Object.entries(CACHE_LIMITS))
    freed += await boundCache(join(folder, name), limit);
  return freed;
}

/** The same once a day, after a run that filled them: a full check costs more than most runs. */
export async function boundCachesDaily({
  paths,
  now,
}: Pick<PipelineContext, 'paths' | 'now'>): Promise<void> {
  const stamp = join(paths.cache, 'bounded');
  const last = await stat(stamp).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (now() - last < DAY_MS && last <= now()) return;
  await makeFolders(paths.cache, { mode: 0o700 });
  await writeFile(stamp, '');
  await boundCaches(paths.cache, now());
}
