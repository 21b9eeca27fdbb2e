import { realpath } from 'node:fs/promises';
import { noSecrets } from '../criteria/no-secrets/verdict.ts';
import { gate, type LastResult, type Shortfall } from '../criteria/score.ts';
import { type CacheHome, type JsonCache, openCache } from '../image/caches.ts';
import type { PipelineContext } from '../model/context.ts';
import type { Digest } from '../model/reference.ts';
import type { GateAnswer } from '../model/report.ts';
import type { Scorecard } from '../model/scorecard.ts';
import type { Settings } from '../model/settings.ts';
import { leastWords } from './describe-plan.ts';

/** True where an image may come out short: by a level, a grade, or a waiver that is not sound. */
export function hasGate({ minLevel, minGrade, waivers }: Settings['gate']): boolean {
  return minLevel !== undefined || minGrade !== undefined || waivers.length > 0;
}

/** For reports `gate`: absent where nothing is asked for and no waiver is wrong. */
export function gateImage(
  context: Pick<PipelineContext, 'emit' | 'now'>,
  settings: Settings['gate'],
  scorecard: Scorecard,
): { readonly shortfalls: readonly Shortfall[]; readonly gate?: GateAnswer } {
  const asked = leastWords(settings).join(' and ');
  if (asked === '' && settings.waivers.length === 0) return { shortfalls: [] };
  const result = gate(scorecard, { ...settings, now: context.now() });
  if (!result.ok) {
    const { shortfalls } = result.error;
    const unmet = shortfalls.map(({ message, criteria }) => `${message} (${criteria.join(', ')})`);
    context.emit({
      kind: 'phase-done',
      phase: 'gate',
      seconds: 0,
      failed: true,
      detail: `short of it: ${shortfalls.map(({ message }) => message).join('; ')}`,
    });
    return { shortfalls, gate: { asked: asked || 'sound waivers', unmet } };
  }
  const used = result.value.used.map(({ criterion, reason }) => `${criterion} waived: ${reason}`);
  context.emit({
    kind: 'phase-done',
    phase: 'gate',
    detail: [`${asked || 'waivers'} met`, ...used].join('; '),
    seconds: 0,
  });
  return { shortfalls: [], ...(asked === '' ? {} : { gate: { asked, unmet: [] } }) };
}

const SCHEMA = 4;

interface LastScorecard {
  readonly digest: Digest;
  readonly criteria: readonly LastResult[];
  /** The build as words after `scoville build`, and the folder in which they are run. */
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
  const scored = criteria.map(({ id, vector, level, outcome, evidence }): LastResult => {
    const isFound = id === noSecrets.id && outcome === 'fail';
    return { id, vector, level, outcome, ...(isFound && { evidence }) };
  });
  const { again: words } = built;
  const build = words === undefined ? {} : { build: { words, cwd: context.cwd } };
  const kept: LastScorecard = { digest, criteria: scored, ...build };
  await cacheOf(context).set(await keyOf(built.dockerfile, built.target), kept);
}

export async function lastScorecard(
  context: Where,
  dockerfile: string,
  target: string | undefined,
): Promise<LastScorecard | undefined> {
  const key = await keyOf(dockerfile, target);
  return (await cacheOf(context).get(key)) as LastScorecard | undefined;
}

export function isAsBefore(now: Scorecard, before: LastScorecard | undefined): boolean {
  if (before?.digest !== now.digest) return false;
  const was = new Map(before.criteria.map(({ id, outcome }) => [id, outcome]));
  return now.criteria.every(({ id, outcome }) => was.get(id) === outcome);
}
