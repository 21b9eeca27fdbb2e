import { judgeImage } from '../../src/criteria/catalogue.ts';
import { assembleScorecard } from '../../src/criteria/score.ts';
import type { CriterionResult } from '../../src/model/criterion.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import type { Database } from '../../src/service/database.ts';
import { type Asked, createAsks, type NewAsk, type Records } from '../../src/service/records.ts';
import type { Counts, ImageName } from '../../src/service/shapes.ts';
import { sampleFacts } from '../report/sample-scorecard.ts';

export const NOW = Date.parse('2026-12-01T09:30:00Z');
const DAY = 86_400_000;
/** The one with a long history. */
export const SHOWN: ImageName = {
  ...{ registry: 'registry.example.com', repository: 'shop/api', tag: 'latest' },
};

const FLAWED = judgeImage(sampleFacts());

/** Criteria up to a level pass. */
function criteriaAt(level: number): readonly CriterionResult[] {
  return FLAWED.map((one) =>
    one.level > level
      ? one
      : { ...one, outcome: 'pass', summary: 'nothing to fix', evidence: [], remedies: [] },
  );
}

export function scorecardAt(
  image: string,
  level: number,
  gradedAt: number,
  criteria: readonly CriterionResult[] = criteriaAt(level),
): Scorecard {
  const digest = digestOf(`${image} ${level}`);
  return assembleScorecard({
    ...{ toolVersion: '0.1.0', image, digest, gradedAt: new Date(gradedAt).toISOString() },
    platforms: [{ platform: 'linux/amd64', digest, criteria }],
  });
}

const text = ({ registry, repository, tag = '' }: ImageName): string =>
  `${registry}/${repository}:${tag}`;

function countsAt(level: number, seed: number): Counts {
  const critical = level < 2 ? 1 + (seed % 4) : 0;
  const high = level < 3 ? 2 + (seed % 9) : 0;
  return { critical, high, medium: level < 4 ? seed % 12 : 0, low: seed % 20, unknown: 0 };
}

interface Made {
  readonly level: number;
  readonly gradedAt: number;
  readonly builtAt: number;
  readonly counts?: Counts;
  readonly criteria?: readonly CriterionResult[];
  readonly report?: unknown;
}

function asked(database: Database, ask: NewAsk, at: number): Promise<Asked> {
  return database.transaction(async (query) => {
    const [made] = await createAsks(query, [ask], at);
    return made as Asked;
  });
}

/** A grade of an image, asked for and finished. */
export async function addGrade(
  { database, records }: { readonly database: Database; readonly records: Records },
  image: ImageName,
  { level, gradedAt, builtAt, counts, criteria, report }: Made,
): Promise<string> {
  const { ask } = await asked(database, { image, reason: 'follow' }, gradedAt - 5000);
  const scorecard = scorecardAt(text(image), level, gradedAt, criteria);
  const { grade } = await records.finish(ask.id, {
    ...{ scorecard, builtAt: new Date(builtAt), report },
    advisoriesAt: new Date(gradedAt - DAY / 2),
    ...(counts === undefined ? {} : { counts }),
  });
  return grade.id;
}

const TEAMS = ['shop', 'pay', 'search', 'data', 'web'];
const APPS = ['api', 'worker', 'frontend', 'migrations', 'gateway', 'mail', 'cron', 'proxy'];
const TAGS = ['latest', 'slim', 'debug', '2.4.1', '2.4.0', '2.3.9', 'main', 'nightly'];

/** The name of the n-th image; the first is the one that is shown. */
export function nameAt(index: number): ImageName {
  const tag = TAGS[index % TAGS.length] ?? '';
  const rest = Math.floor(index / TAGS.length);
  const team = TEAMS[rest % TEAMS.length] ?? '';
  const app = APPS[Math.floor(rest / TEAMS.length) % APPS.length] ?? '';
  const round = Math.floor(rest / TEAMS.length / APPS.length);
  const registry = rest % 7 === 3 ? 'ghcr.io' : 'registry.example.com';
  return { registry, repository: `${team}/${app}${round === 0 ? '' : `-${round}`}`, tag };
}

/** A level whose shares are those of a fleet that somebody looks after. */
function levelAt(index: number): number {
  return [4, 3, 2, 4, 3, 1, 4, 0, 2, 3, 4, 5][(index * 7) % 12] ?? 0;
}

/** Fills a database with so many images. */
export async function fillFleet(
  of: { readonly database: Database; readonly records: Records },
  count: number,
): Promise<void> {
  if (count > 0) await addHistory(of, count > 1);
  for (let index = 1; index < count; index += 1) {
    const level = levelAt(index);
    const builtAt = NOW - ((index * 37) % 95) * DAY - 3_600_000 * (index % 20);
    const gradedAt = NOW - ((index * 53) % 1400) * 60_000;
    const image = nameAt(index);
    if (index % 23 === 5 && index < 300)
      await addGrade(of, image, { level: level + 1, gradedAt: gradedAt - 3 * DAY, builtAt });
    const counts = index % 17 === 9 ? {} : { counts: countsAt(level, index) };
    await addGrade(of, image, { level, gradedAt, builtAt, ...counts });
  }
}

/** Forty days: found flaws, repaired, and worse again as CVEs became known. */
async function addHistory(
  of: { readonly database: Database; readonly records: Records },
  isWorse: boolean,
): Promise<void> {
  for (let day = 40; day >= 0; day -= 1) {
    const level = day > 33 ? 0 : day > 25 ? 2 : day > 16 ? 3 : day > 2 || !isWorse ? 4 : 3;
    const counts =
      level === 4
        ? { critical: 0, high: 0, medium: 1, low: 6, unknown: 0 }
        : countsAt(level, Math.floor(day / 4));
    await addGrade(of, SHOWN, {
      ...{ level, counts, gradedAt: NOW - day * DAY - 7_200_000 },
      builtAt: NOW - Math.min(40, Math.ceil(day / 8) * 8) * DAY - 9_000_000,
    });
  }
}

export const RUNNING: ImageName = { registry: 'ghcr.io', repository: 'new/running', tag: '1' };
export const FAILED: ImageName = { registry: 'ghcr.io', repository: 'new/failed', tag: '1' };

/** An image that is graded now, and one whose grade failed for a reason. */
export async function addOpenAsks(
  { database, records }: { readonly database: Database; readonly records: Records },
  reason: string,
  at = NOW - 50_000,
): Promise<readonly [running: string, failed: string]> {
  const start = async (image: ImageName): Promise<string> => {
    const { ask } = await asked(database, { image, reason: 'api' }, at);
    await records.start(ask.id);
    return ask.id;
  };
  const [running, failed] = [await start(RUNNING), await start(FAILED)];
  await records.progress(running, reason.slice(0, 500));
  await records.fail(failed, { message: reason, nextStep: reason });
  return [running, failed];
}
