import type { CriterionResult } from '../model/criterion.ts';
import type { Suggestion } from '../model/scorecard.ts';
import { GRADE_TABLE, isMet, levelOf, scoreOf } from './score.ts';

interface Candidate {
  readonly result: CriterionResult;
  readonly suggestion: Suggestion;
  readonly completesLevel: boolean;
  /** Grades that the vector climbs by this one change. */
  readonly vectorClimb: number;
  readonly overallClimb: number;
}

/** The criteria as they were, had this one passed. */
function withPass(criteria: readonly CriterionResult[], id: string): CriterionResult[] {
  return criteria.map((one) => (one.id === id ? { ...one, outcome: 'pass' as const } : one));
}

function climb(before: readonly CriterionResult[], after: readonly CriterionResult[]): number {
  const rank = (criteria: readonly CriterionResult[]): number =>
    GRADE_TABLE.findIndex(({ grade }) => grade === scoreOf(criteria).grade);
  return rank(before) - rank(after);
}

/** What to do: the criterion's first remedy; where the outcome is not known, how to settle it comes first. */
function change(result: CriterionResult): Pick<Suggestion, 'title' | 'detail' | 'example'> {
  const remedy = result.remedies[0];
  if (result.outcome === 'unknown' && result.settle !== undefined)
    return {
      title: `Settle “${result.title}”`,
      detail: `${result.summary}. If it then fails: ${remedy?.title ?? 'see its page'}.`,
      example: result.settle,
    };
  return {
    title: remedy?.title ?? result.title,
    detail: remedy?.detail ?? result.summary,
    ...(remedy?.example === undefined ? {} : { example: remedy.example }),
  };
}

function candidate(result: CriterionResult, criteria: readonly CriterionResult[]): Candidate {
  const after = withPass(criteria, result.id);
  const inVector = (list: readonly CriterionResult[]): CriterionResult[] =>
    list.filter(({ vector }) => vector === result.vector);
  const level = levelOf(after);
  return {
    result,
    completesLevel: level > levelOf(criteria),
    vectorClimb: climb(inVector(criteria), inVector(after)),
    overallClimb: climb(criteria, after),
    suggestion: {
      criterion: result.id,
      ...change(result),
      gains: {
        points: scoreOf(after).points - scoreOf(criteria).points,
        grade: scoreOf(after).grade,
        level,
      },
    },
  };
}

/** What completes a level comes first, then the lower level, then what lifts a grade, then what is known to fail. */
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
 * One change for each criterion that is not met, with the points, overall grade and level that the image then has.
 * Those that complete the next level come first, then those of the lowest level, for they hold all higher ones back.
 */
export function suggest(criteria: readonly CriterionResult[]): Suggestion[] {
  return criteria
    .filter(({ outcome }) => !isMet(outcome))
    .map((result) => candidate(result, criteria))
    .sort(order)
    .map(({ suggestion }) => suggestion);
}
