import type { CriterionResult, Vector } from '../../model/criterion.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { criterionLine } from '../criterion-line.ts';
import { VECTOR_NAMES } from '../vector-names.ts';
import { markOf, type Screen, shown } from './terminal-screen.ts';
import { fitted, padded } from './text-width.ts';

function criterionRow(
  screen: Screen,
  result: CriterionResult,
  waived: ReadonlySet<string>,
): string {
  const { colors, marks, width } = screen;
  const note = waived.has(result.id) ? '[waived] ' : '';
  const body = fitted(shown(screen, note + criterionLine(result)), width - 28, marks.ellipsis);
  const level = colors.dim(String(result.level));
  return `  ${markOf(screen, result.outcome)} ${level} ${padded(result.id, 20)}  ${body}`.trimEnd();
}

/** Every criterion of a vector, each on a line. */
export function vectorBlock(screen: Screen, scorecard: Scorecard, vector: Vector): string[] {
  const waived = new Set(scorecard.waivers.map(({ criterion }) => criterion));
  return [
    '',
    ` ${screen.colors.bold(VECTOR_NAMES[vector])}`,
    ...scorecard.criteria
      .filter((one) => one.vector === vector)
      .map((one) => criterionRow(screen, one, waived)),
  ];
}
