import { type CriterionResult, isMet, type Vector, VECTORS } from '../model/criterion.ts';
import type { Grade, Score } from '../model/scorecard.ts';

/** The specification's table, "Badges": the least percentage of points for a grade, best first. */
export const GRADE_TABLE: readonly { readonly grade: Grade; readonly percent: number }[] = [
  { grade: 'A+', percent: 100 },
  { grade: 'A', percent: 75 },
  { grade: 'B', percent: 50 },
  { grade: 'C', percent: 40 },
  { grade: 'D', percent: 0 },
];

/** What scoring reads of a criterion's result. */
export type Scored = Pick<CriterionResult, 'id' | 'vector' | 'level' | 'outcome'>;

/** The grade of a share, by exact ratio: nothing is rounded. Nothing of nothing is D. */
export function gradeOf(points: number, total: number): Grade {
  const reached = GRADE_TABLE.find(({ percent }) => total > 0 && points * 100 >= percent * total);
  return reached?.grade ?? 'D';
}

/** True where `grade` is at least as good as `least`. */
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
