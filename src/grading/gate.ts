import { type CriterionResult, isMet, LEVEL_NAMES } from '../model/criterion.ts';
import { endOfDay } from '../model/last-day.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { Grade, PlatformScore, Scorecard } from '../model/scorecard.ts';
import type { Waiver } from '../model/settings.ts';
import { isAtLeast, levelOf, scoreOf } from './score.ts';

export interface GateOptions {
  readonly minLevel?: number | undefined;
  readonly minGrade?: Grade | undefined;
  readonly waivers: readonly Waiver[];
  /** Present time, milliseconds since 1970. */
  readonly now: number;
}

/** One way in which an image is short of its gate, with the criteria that hold it back. */
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

function waived(criteria: readonly CriterionResult[], ids: ReadonlySet<string>): CriterionResult[] {
  return criteria.map((one) =>
    ids.has(one.id) && !isMet(one.outcome) ? { ...one, outcome: 'pass' as const } : one,
  );
}

function shortOf(
  platform: PlatformScore,
  ids: ReadonlySet<string>,
  options: GateOptions,
  where: string,
): Shortfall[] {
  const criteria = waived(platform.criteria, ids);
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
 * Holds a scorecard against the least level and grade; every platform has to reach them. A waived
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
