import { digestHex, digestOf } from '../model/digest.ts';
import { byCodeUnit } from '../model/order.ts';
import type { ReproMode } from '../model/settings.ts';

export interface NormaliserRecord {
  /** Version of the rule set. */
  readonly version: string;
  readonly mode: Exclude<ReproMode, 'off'>;
  /** Ids of the rules that were on. */
  readonly rules: readonly string[];
  readonly touched: readonly { readonly path: string; readonly rule: string }[];
}

/** Paths beyond these are counted, not listed: a dropped package cache can have 100,000 files. */
const MAX_LISTED_PER_RULE = 1000;

/**
 * The list of touched files as a byproduct: JSON `[{rule, count, paths}]`, sorted, in `content`
 * (base64) with its digest, and the count by rule in `annotations`, so that it can be read at a
 * glance.
 */
export function normalisedFiles(record: NormaliserRecord) {
  const byRule = new Map<string, Set<string>>();
  for (const { rule, path } of record.touched)
    byRule.set(rule, (byRule.get(rule) ?? new Set<string>()).add(path));
  const rules = [...byRule]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([rule, paths]) => ({
      rule,
      count: paths.size,
      paths: [...paths].sort(byCodeUnit).slice(0, MAX_LISTED_PER_RULE),
    }));
  const content = JSON.stringify(rules);
  return {
    name: 'normalised-files',
    mediaType: 'application/json',
    digest: { sha256: digestHex(digestOf(content)) },
    content: Buffer.from(content).toString('base64'),
    annotations: Object.fromEntries(rules.map(({ rule, count }) => [rule, count])),
  };
}
