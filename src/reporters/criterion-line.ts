import type { CriterionResult, Evidence } from '../model/criterion.ts';
import { evidenceText } from './evidence-text.ts';

/** What the evidence adds to a summary that names its file or line already. */
function addition(evidence: Evidence, summary: string): string {
  const text = evidenceText(evidence);
  const named = evidence.kind === 'file' ? evidence.path : /^lines? \S+: /.exec(text)?.[0];
  return named !== undefined && summary.includes(named) && text.startsWith(named)
    ? text.slice(named.length).trim()
    : text;
}

/**
 * What a scorecard says of a criterion on one line: its summary, then the first piece of evidence that says more, and what would decide
 * an `unknown`. A verdict that rests on what the publisher says of itself is marked.
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
