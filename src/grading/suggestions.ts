import { type CriterionResult, isMet } from '../model/criterion.ts';
import type { Suggestion } from '../model/scorecard.ts';
import { GRADE_TABLE, levelOf, type Scored, scoreOf } from './score.ts';

interface Candidate {
  readonly result: CriterionResult;
  readonly suggestion: Suggestion;
  readonly completesLevel: boolean;
  /** Grades that the vector climbs by this one change. */
  readonly vectorClimb: number;
  readonly overallClimb: number;
}

/** The criteria as they were, had these passed and those failed. */
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

function climb(before: readonly CriterionResult[], after: readonly CriterionResult[]): number {
  const rank = (criteria: readonly CriterionResult[]): number =>
    GRADE_TABLE.findIndex(({ grade }) => grade === scoreOf(criteria).grade);
  return rank(before) - rank(after);
}

/** What to do: the criterion's first remedy, or first how to decide an unknown outcome. */
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
    ...(remedy?.example === undefined ? {} : { example: remedy.example }),
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

function candidate(result: CriterionResult, criteria: readonly CriterionResult[]): Candidate {
  const after = changed(criteria, [result.id]);
  const inVector = (list: readonly CriterionResult[]): CriterionResult[] =>
    list.filter(({ vector }) => vector === result.vector);
  const gains = gainsOf(criteria, [result.id]);
  return {
    result,
    completesLevel: gains.level > levelOf(criteria),
    vectorClimb: climb(inVector(criteria), inVector(after)),
    overallClimb: climb(criteria, after),
    suggestion: {
      criterion: result.id,
      ...change(result),
      gains,
    },
  };
}

/** First what completes a level, then lower levels, what lifts a grade, what is known to fail. */
function order(a: Candidate, b: Candidate): number {
  return (
    Number(b.completesLevel) - Number(a.completesLevel) ||
    a.result.level - b.result.level ||
    b.overallClimb - a.overallClimb ||
    b.vectorClimb - a.vectorClimb ||
    Number(a.result.outcome === 'unknown') - Number(b.result.outcome === 'unknown')
  );
}

/**
 * One change for each criterion that is not met, with the points, overall grade and level that the
 * image then has. Those that complete the next level come first, then those of the lowest level,
 * for they hold all higher ones back.
 */
export function suggest(criteria: readonly CriterionResult[]): Suggestion[] {
  return criteria
    .filter(({ outcome }) => !isMet(outcome))
    .map((result) => candidate(result, criteria))
    .sort(order)
    .map(({ suggestion }) => suggestion);
}
