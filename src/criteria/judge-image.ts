import type { Criterion, CriterionResult } from '../model/criterion.ts';
import type { Facts } from '../model/facts.ts';
import { CATALOGUE } from './catalogue.ts';

/** Every criterion's answer on one image of one platform, in the catalogue's order. */
export function judgeImage(
  facts: Facts,
  criteria: readonly Criterion[] = CATALOGUE,
): CriterionResult[] {
  return criteria.map((criterion) => {
    const { id, title, vector, level, spec, remedies } = criterion;
    const { outcome, summary, source, evidence, settle } = criterion.judge(facts);
    return {
      id,
      title,
      vector,
      level,
      spec,
      outcome,
      summary,
      source,
      evidence,
      remedies,
      ...(settle === undefined ? {} : { settle }),
    };
  });
}
