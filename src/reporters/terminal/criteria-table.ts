import type { CriterionResult, Vector, Evidence } from '../../model/criterion.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { evidenceText } from '../evidence-text.ts';
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

/** What the evidence adds to a summary that names its file or line already. */
function addition(evidence: Evidence, summary: string): string {
  const text = evidenceText(evidence);
  const named = evidence.kind === 'file' ? evidence.path : /^lines? \S+: /.exec(text)?.[0];
  return named !== undefined && summary.includes(named) && text.startsWith(named)
    ? text.slice(named.length).trim()
    : text;
}

/**
 * What a scorecard says of a criterion on one line: its summary, then the first piece of evidence
 * that says more, and what would decide an `unknown`. A verdict that rests on what the publisher
 * says of itself is marked.
 */
export function criterionLine(result: CriterionResult): string {
  const declared = result.source === 'unverified-attestation' ? ' [self-declared]' : '';
  const settle = result.settle === undefined ? '' : `; to check: ${result.settle}`;
  if (result.outcome === 'unknown') return result.summary + declared + settle;
  const more = result.evidence
    .map((evidence) => addition(evidence, result.summary))
    .find((text) => !result.summary.includes(text) && !text.includes(result.summary));
  return result.summary + declared + (more === undefined ? '' : `; ${more}`);
}
