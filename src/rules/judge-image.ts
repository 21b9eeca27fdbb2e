import { type CriterionResult, isMet } from '../model/criterion.ts';
import type { Facts } from '../model/facts.ts';
import { withoutClaims } from './shared/verdict/without-claims.ts';
import { CATALOGUE } from './verdicts.ts';

/** Every criterion's answer on one image of one platform, in the catalogue's order. */
export function judgeImage(facts: Facts): CriterionResult[] {
  return CATALOGUE.map((criterion) => {
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

const CLAIMED_FACTS: readonly (keyof Facts)[] = ['attestations', 'build', 'image'];

/**
 * The same answers without what only the image says about itself. Only what earns a point and reads
 * such facts is judged again: the rest cannot change.
 */
export function judgeUnclaimed(
  facts: Facts,
  results: readonly CriterionResult[],
): readonly CriterionResult[] {
  const bare = withoutClaims(facts);
  if (bare === facts) return results;
  return results.map((result) => {
    const criterion = CATALOGUE.find(({ id }) => id === result.id);
    const holds = isMet(result.outcome);
    if (criterion === undefined || !holds) return result;
    const reads = [...criterion.needs, ...(criterion.uses ?? [])];
    if (!reads.some((name) => CLAIMED_FACTS.includes(name))) return result;
    return { ...result, outcome: criterion.judge(bare).outcome };
  });
}
