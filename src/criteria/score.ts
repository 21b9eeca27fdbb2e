import { err, ok, type Result } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { byCodeUnit } from '../lib/text.ts';
import { endOfDay } from '../lib/time.ts';
import {
  type CriterionResult,
  isMet,
  LEVEL_NAMES,
  type Vector,
  VECTORS,
} from '../model/criterion.ts';
import type { Digest } from '../model/reference.ts';
import {
  type Cost,
  COSTS,
  type FleetLine,
  type FleetTotals,
  type Grade,
  type NotGraded,
  type PlatformScore,
  type Score,
  type Scorecard,
  type Suggestion,
} from '../model/scorecard.ts';
import type { Waiver } from '../model/settings.ts';

/** The specification's table, "Badges": the least percentage of points for a grade, best first. */
const GRADE_TABLE: readonly { readonly grade: Grade; readonly percent: number }[] = [
  { grade: 'A+', percent: 100 },
  { grade: 'A', percent: 75 },
  { grade: 'B', percent: 50 },
  { grade: 'C', percent: 40 },
  { grade: 'D', percent: 0 },
];

export type Scored = Pick<CriterionResult, 'id' | 'vector' | 'level' | 'outcome'>;
/** A criterion's answer on the last build, with what was found where an edit may clear it. */
export type LastResult = Scored & Partial<Pick<CriterionResult, 'evidence'>>;

/** The grade of a share, by exact ratio: nothing is rounded. Nothing of nothing is D. */
export function gradeOf(points: number, total: number): Grade {
  const reached = GRADE_TABLE.find(({ percent }) => total > 0 && points * 100 >= percent * total);
  return reached?.grade ?? 'D';
}

export function isAtLeast(grade: Grade, least: Grade): boolean {
  const rank = (wanted: Grade): number => GRADE_TABLE.findIndex((row) => row.grade === wanted);
  return rank(grade) <= rank(least);
}

export function scoreOf(criteria: readonly Scored[]): Score {
  const points = criteria.filter(({ outcome }) => isMet(outcome)).length;
  return { points, total: criteria.length, grade: gradeOf(points, criteria.length) };
}

export function vectorScores(criteria: readonly Scored[]): Readonly<Record<Vector, Score>> {
  const of = (vector: Vector): Score => scoreOf(criteria.filter((c) => c.vector === vector));
  return Object.fromEntries(VECTORS.map((vector) => [vector, of(vector)])) as Record<Vector, Score>;
}

/** The highest level up to which all criteria are met; 0 below level 1 or without criteria. */
export function levelOf(criteria: readonly Scored[]): number {
  const missed = criteria.filter(({ outcome }) => !isMet(outcome)).map(({ level }) => level);
  const highest = Math.max(0, ...criteria.map(({ level }) => level));
  return missed.length === 0 ? highest : Math.min(...missed) - 1;
}

function changed<T extends Scored>(
  criteria: readonly T[],
  passed: readonly string[],
  failed: readonly string[] = [],
): T[] {
  return criteria.map((one) => {
    if (passed.includes(one.id)) return { ...one, outcome: 'pass' as const };
    return failed.includes(one.id) ? { ...one, outcome: 'fail' as const } : one;
  });
}

/** What to do: the criterion's first remedy, or how to decide an unknown outcome. */
function change(result: CriterionResult): Pick<Suggestion, 'title' | 'detail' | 'example'> {
  const remedy = result.remedies[0];
  if (result.outcome === 'unknown' && result.settle !== undefined)
    return {
      title: `Check “${result.title}”`,
      detail: `${result.summary}. If it then fails: ${remedy?.title ?? 'see its page'}.`,
      example: result.settle,
    };
  return {
    title: remedy?.title ?? result.title,
    detail: remedy?.detail ?? result.summary,
    ...given({ example: remedy?.example }),
  };
}

/** Gains if `passed` pass and `failed` no longer do: points, and the resulting grade and level. */
export function gainsOf(
  criteria: readonly Scored[],
  passed: readonly string[],
  failed: readonly string[] = [],
): Suggestion['gains'] {
  const after = changed(criteria, passed, failed);
  return {
    points: scoreOf(after).points - scoreOf(criteria).points,
    grade: scoreOf(after).grade,
    level: levelOf(after),
  };
}

const COST_OF: readonly (readonly [RegExp, Cost])[] = [
  [/^scoville explain |^(?!scoville )/, 'a hand edit'],
  [/--verify|--record/, 'some builds'],
  [/^scoville (?:reproduce|lock) |--prove/, 'two builds'],
  [/scoville (?:build|profile) /, 'a build'],
];

/** What a command costs; other text, such as a line to add, is done by hand. */
export function costOf(command = ''): Cost {
  if (/^install .*then|--from FOLDER/i.test(command)) return 'an install';
  return COST_OF.find(([pattern]) => pattern.test(command))?.[1] ?? 'seconds';
}

/** Something to do: the lowest level that it serves, what it costs and what it gains. */
interface ToDo {
  readonly level: number;
  readonly cost: Cost;
  readonly gains: Suggestion['gains'];
}

/**
 * What is done first: the lowest level, then the cheapest, then what completes a level, then what
 * gains most. Every list of things to do is in this order.
 */
export function firstDone(a: ToDo, b: ToDo): number {
  return (
    a.level - b.level ||
    COSTS.indexOf(a.cost) - COSTS.indexOf(b.cost) ||
    b.gains.level - a.gains.level ||
    b.gains.points - a.gains.points
  );
}

/** One change for each criterion that is not met, with what the image then has. */
export function suggest(criteria: readonly CriterionResult[]): Suggestion[] {
  return criteria
    .filter(({ outcome }) => !isMet(outcome))
    .map((result) => {
      const changed = change(result);
      const todo = {
        level: result.level,
        cost: costOf(changed.example),
        gains: gainsOf(criteria, [result.id]),
      };
      const { cost, gains } = todo;
      return { todo, suggestion: { criterion: result.id, ...changed, cost, gains } };
    })
    .sort((a, b) => firstDone(a.todo, b.todo))
    .map(({ suggestion }) => suggestion);
}

export interface GateOptions {
  readonly minLevel?: number | undefined;
  readonly minGrade?: Grade | undefined;
  readonly waivers: readonly Waiver[];
  /** Present time, milliseconds since 1970. */
  readonly now: number;
}

/** One way in which an image is short of its gate, with the criteria that cause it. */
export interface Shortfall {
  readonly kind: 'level' | 'grade' | 'waiver';
  readonly message: string;
  readonly criteria: readonly string[];
}

interface GateMet {
  /** Waivers that let a criterion through which the image does not meet. */
  readonly used: readonly Waiver[];
}

function waiverFlaw(waiver: Waiver, known: ReadonlySet<string>, now: number): string | undefined {
  if (!known.has(waiver.criterion))
    return `the waiver for ${waiver.criterion} does not name a criterion`;
  if (waiver.reason.trim() === '')
    return `the waiver for ${waiver.criterion} does not give a reason`;
  if (waiver.expires === undefined) return undefined;
  const end = endOfDay(waiver.expires);
  if (end === undefined)
    return `the waiver for ${waiver.criterion} expires on ${waiver.expires}, which is not a date`;
  return now >= end ? `the waiver for ${waiver.criterion} expired on ${waiver.expires}` : undefined;
}

function shortOf(
  platform: PlatformScore,
  ids: ReadonlySet<string>,
  options: GateOptions,
  where: string,
): Shortfall[] {
  const criteria = changed(platform.criteria, [...ids]);
  const unmet = criteria.filter(({ outcome }) => !isMet(outcome));
  const { minLevel, minGrade } = options;
  const found: Shortfall[] = [];
  const level = levelOf(criteria);
  if (minLevel !== undefined && level < minLevel)
    found.push({
      kind: 'level',
      message: `level ${level} (${LEVEL_NAMES[level] ?? level})${where}, at least ${minLevel} (${LEVEL_NAMES[minLevel] ?? minLevel}) is asked for`,
      criteria: unmet.filter((one) => one.level <= minLevel).map(({ id }) => id),
    });
  const { grade, points, total } = scoreOf(criteria);
  if (minGrade !== undefined && !isAtLeast(grade, minGrade))
    found.push({
      kind: 'grade',
      message: `grade ${grade} (${points} of ${total})${where}, at least ${minGrade} is asked for`,
      criteria: unmet.map(({ id }) => id),
    });
  return found;
}

/**
 * Compares a scorecard with the least level and grade; every platform has to reach them. A waived
 * criterion counts as met here and nowhere else. A waiver that expired, or does not name a
 * criterion, is itself a shortfall, whether or not it is needed.
 */
export function gate(
  scorecard: Scorecard,
  options: GateOptions,
): Result<GateMet, { readonly shortfalls: readonly Shortfall[] }> {
  const known = new Set(scorecard.criteria.map(({ id }) => id));
  const flaws = options.waivers.flatMap((waiver): Shortfall[] => {
    const message = waiverFlaw(waiver, known, options.now);
    return message === undefined ? [] : [{ kind: 'waiver', message, criteria: [waiver.criterion] }];
  });
  const sound = options.waivers.filter((w) => waiverFlaw(w, known, options.now) === undefined);
  const ids = new Set(sound.map(({ criterion }) => criterion));
  const several = scorecard.platforms.length > 1;
  const short = scorecard.platforms.flatMap((platform) =>
    shortOf(platform, ids, options, several ? ` on ${platform.platform}` : ''),
  );
  const shortfalls = [...flaws, ...short];
  if (shortfalls.length > 0) return err({ shortfalls });
  const unmet = new Set(
    scorecard.platforms.flatMap(({ criteria }) =>
      criteria.filter(({ outcome }) => !isMet(outcome)).map(({ id }) => id),
    ),
  );
  return ok({ used: sound.filter(({ criterion }) => unmet.has(criterion)) });
}

/** Counts a fleet's lines one by one; its memory does not grow with their number. */
export class FleetTally {
  #graded = 0;
  #short = 0;
  #failed = 0;
  readonly #levels = new Map<number, number>();
  readonly #grades = new Map<Grade, number>();
  readonly #unmet = new Map<string, number>();

  add(line: FleetLine): void {
    if (line.status === 'failed') {
      this.#failed += 1;
      return;
    }
    this.#graded += 1;
    if (line.short.length > 0) this.#short += 1;
    count(this.#levels, line.level);
    count(this.#grades, line.grade);
    for (const [criterion, outcome] of Object.entries(line.criteria))
      if (!isMet(outcome)) count(this.#unmet, criterion);
  }

  totals(): FleetTotals {
    return {
      graded: this.#graded,
      short: this.#short,
      failed: this.#failed,
      levels: this.#levels,
      grades: this.#grades,
      unmet: [...this.#unmet]
        .map(([criterion, images]) => ({ criterion, images }))
        .sort((a, b) => b.images - a.images || byCodeUnit(a.criterion, b.criterion)),
    };
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** One platform's image and every criterion's answer on it. */
export interface JudgedPlatform {
  /** `linux/amd64`. */
  readonly platform: string;
  /** Of the platform's image manifest. */
  readonly digest: Digest;
  readonly criteria: readonly CriterionResult[];
  /** The same without what only the image says about itself. */
  readonly unclaimed?: readonly CriterionResult[];
}

interface ScorecardInput {
  readonly toolVersion: string;
  readonly image: string;
  /** The published descriptor: index or manifest. */
  readonly digest: Digest;
  /** RFC 3339. */
  readonly gradedAt: string;
  readonly platforms: readonly [JudgedPlatform, ...JudgedPlatform[]];
  readonly notGraded?: readonly NotGraded[];
  readonly waivers?: readonly Waiver[];
  readonly trust?: Scorecard['trust'];
  readonly notices?: readonly string[];
}

function platformScore({ platform, digest, criteria, unclaimed }: JudgedPlatform): PlatformScore {
  const overall = scoreOf(criteria);
  const bare = scoreOf(unclaimed ?? criteria);
  return {
    platform,
    digest,
    level: levelOf(criteria),
    overall,
    ...(bare.points < overall.points
      ? { withoutClaims: { level: levelOf(unclaimed ?? criteria), overall: bare } }
      : {}),
    vectors: vectorScores(criteria),
    criteria,
  };
}

/** The platform with the lowest level, then the fewest points; the first of several equal ones. */
function worst(first: PlatformScore, rest: readonly PlatformScore[]): PlatformScore {
  return rest.reduce((low, next) => {
    const byLevel = next.level - low.level;
    return byLevel < 0 || (byLevel === 0 && next.overall.points < low.overall.points) ? next : low;
  }, first);
}

/** The judgment of an image from its platforms' results; its score is that of the worst one. */
export function assembleScorecard(input: ScorecardInput): Scorecard {
  const [head, ...tail] = input.platforms;
  const first = platformScore(head);
  const rest = tail.map(platformScore);
  const { level, overall, withoutClaims, vectors, criteria } = worst(first, rest);
  const { notGraded = [], trust = [], notices = [] } = input;
  return {
    schemaVersion: '1',
    tool: { name: 'scoville', version: input.toolVersion },
    image: input.image,
    digest: input.digest,
    gradedAt: input.gradedAt,
    platforms: [first, ...rest],
    ...(notGraded.length > 0 && { notGraded }),
    ...(trust.length > 0 && { trust }),
    ...(notices.length > 0 && { notices }),
    level,
    levelName: LEVEL_NAMES[level] ?? LEVEL_NAMES[0],
    overall,
    checked: scoreOf(criteria.filter(({ outcome }) => outcome !== 'unknown')),
    ...given({ withoutClaims }),
    vectors,
    criteria,
    suggestions: suggest(criteria),
    waivers: input.waivers ?? [],
  };
}
