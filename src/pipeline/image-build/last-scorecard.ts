import { realpath } from 'node:fs/promises';
import type { Scored } from '../../grading/score.ts';
import type { Digest } from '../../model/digest.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { type CacheHome, openCache, type JsonCache } from '../../oci/layout/caches.ts';
import type { PipelineContext } from '../context.ts';

const SCHEMA = 3;

/** What is kept of the last build of a Dockerfile. */
interface LastScorecard {
  readonly digest: Digest;
  readonly criteria: readonly Scored[];
  /** The build as words behind `scoville build`, and the folder where they hold. */
  readonly build?: { readonly words: readonly string[]; readonly cwd: string };
}

type Where = CacheHome & Pick<PipelineContext, 'cwd'>;

function cacheOf(home: CacheHome): JsonCache {
  return openCache(home, 'last-scorecards', SCHEMA);
}

async function keyOf(dockerfile: string, target: string | undefined): Promise<string> {
  const path = await realpath(dockerfile).catch(() => dockerfile);
  return JSON.stringify([path, target ?? '']);
}

/** Keeps the grading of a Dockerfile's image, so that `scoville fix` can say what an edit gains. */
export async function keepScorecard(
  context: Where,
  built: {
    readonly dockerfile: string;
    readonly target: string | undefined;
    readonly again: readonly string[] | undefined;
  },
  { criteria, digest }: Scorecard,
): Promise<void> {
  const scored = criteria.map(({ id, vector, level, outcome }) => ({ id, vector, level, outcome }));
  const { again: words } = built;
  const build = words === undefined ? {} : { build: { words, cwd: context.cwd } };
  const kept: LastScorecard = { digest, criteria: scored, ...build };
  await cacheOf(context).set(await keyOf(built.dockerfile, built.target), kept);
}

/** How the last build of a Dockerfile was judged; undefined where none is known. */
export async function lastScorecard(
  context: Where,
  dockerfile: string,
  target: string | undefined,
): Promise<LastScorecard | undefined> {
  const found = await cacheOf(context).get(await keyOf(dockerfile, target));
  return found === undefined ? undefined : (found as LastScorecard);
}

/** True where the same bytes were judged the same in the build before. */
export function isAsBefore(now: Scorecard, before: LastScorecard | undefined): boolean {
  if (before?.digest !== now.digest) return false;
  const was = new Map(before.criteria.map(({ id, outcome }) => [id, outcome]));
  return now.criteria.every(({ id, outcome }) => was.get(id) === outcome);
}
