import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import type { CriterionResult, Outcome } from '../../src/model/criterion.ts';

/** The whole catalogue's results: each `outcome` but those that `change` names. */
export function results(
  outcome: Outcome,
  change: Readonly<Record<string, Outcome>> = {},
): CriterionResult[] {
  return CATALOGUE.map(({ id, title, vector, level, remedies }) => ({
    id,
    title,
    vector,
    level,
    remedies,
    outcome: change[id] ?? outcome,
    summary: `${id} is ${change[id] ?? outcome}`,
    source: 'image',
    evidence: [{ kind: 'note', text: `seen for ${id}` }],
  }));
}
