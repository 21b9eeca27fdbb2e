import { realpath } from 'node:fs/promises';
import type { Scored } from '../../grading/score.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { createCache, type JsonCache } from '../../oci/layout/json-cache.ts';
import type { PipelineContext } from '../context.ts';

const SCHEMA = 1;

type Where = Pick<PipelineContext, 'paths'>;

function cacheOf({ paths }: Where): JsonCache {
  return createCache(`${paths.cache}/last-scorecards`, SCHEMA);
}

async function keyOf(dockerfile: string, target: string | undefined): Promise<string> {
  const path = await realpath(dockerfile).catch(() => dockerfile);
  return JSON.stringify([path, target ?? '']);
}

/** Keeps what the image of a Dockerfile was graded, so that `scoville fix` can say what an edit gains. */
export async function keepScorecard(
  context: Where,
  built: { readonly dockerfile: string; readonly target: string | undefined },
  { criteria }: Scorecard,
): Promise<void> {
  const scored = criteria.map(({ id, vector, level, outcome }) => ({ id, vector, level, outcome }));
  await cacheOf(context).set(await keyOf(built.dockerfile, built.target), scored);
}

/** The criteria's outcomes of the last build of a Dockerfile; undefined where none is known. */
export async function lastScorecard(
  context: Where,
  dockerfile: string,
  target: string | undefined,
): Promise<readonly Scored[] | undefined> {
  const found = await cacheOf(context).get(await keyOf(dockerfile, target));
  return Array.isArray(found) ? (found as readonly Scored[]) : undefined;
}
