import { digestHex, digestOf } from '../model/digest.ts';
import type { ReproMode } from '../model/settings.ts';
import { RULE_SET_VERSION, RULES } from './catalogue.ts';
import { ownPathRules, type OwnRules, ownTimeRules } from './own-rules.ts';
import type { Rule } from './rule.ts';

/** What is applied to a layer. `id` tells all that its result depends on besides the layer: for annotations and caches. */
export interface RuleSet {
  readonly id: string;
  readonly mode: ReproMode;
  readonly rules: readonly Rule[];
}

/** The rules of a mode, with the user's own around them. `off` leaves every entry as it is; the compressor is the same. */
export function ruleSet(mode: ReproMode, own: OwnRules = {}): RuleSet {
  const id = `${RULE_SET_VERSION}-${mode}`;
  if (mode === 'off') return { id, mode, rules: [] };
  const chosen = RULES.filter((rule) => mode !== 'safe' || rule.mode === 'safe');
  const before = ownPathRules(own);
  const after = ownTimeRules(own);
  return {
    id: before.length + after.length === 0 ? id : `${id}-${markOf(own)}`,
    mode,
    rules: [...before, ...chosen, ...after],
  };
}

/** Tells one user's patterns from another's. */
function markOf({ drop = [], empty = [], time = {} }: OwnRules): string {
  return digestHex(digestOf(JSON.stringify([drop, empty, Object.entries(time)]))).slice(0, 12);
}
