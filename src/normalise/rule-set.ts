import { digestHex, digestOf } from '../model/digest.ts';
import { RULE_SET_VERSION, RULES } from './catalogue.ts';
import { pathPattern, treePattern } from './path-pattern.ts';
import type { Rule } from './rule.ts';

export type ReproMode = 'safe' | 'aggressive' | 'off';

/** The user's own rules of .scoville.yaml: path patterns (`*`, `?`, `**`) of files to leave out or to empty. */
export interface OwnRules {
  readonly drop?: readonly string[];
  readonly empty?: readonly string[];
}

/** What is applied to a layer. `id` tells all that its result depends on besides the layer: for annotations and caches. */
export interface RuleSet {
  readonly id: string;
  readonly mode: ReproMode;
  readonly rules: readonly Rule[];
}

/** The rules of a mode, with the user's own in front. `off` leaves every entry as it is; the compressor is the same. */
export function ruleSet(mode: ReproMode, own: OwnRules = {}): RuleSet {
  const ids = `${RULE_SET_VERSION}-${mode}`;
  if (mode === 'off') return { id: ids, mode, rules: [] };
  const chosen = RULES.filter((rule) => mode === 'aggressive' || rule.mode === 'safe');
  const asked = ownRules(own);
  const mark = digestHex(digestOf(JSON.stringify([own.drop ?? [], own.empty ?? []]))).slice(0, 12);
  return { id: asked.length === 0 ? ids : `${ids}-${mark}`, mode, rules: [...asked, ...chosen] };
}

function ownRules(own: OwnRules): Rule[] {
  return (['drop', 'empty'] as const).flatMap((kind) => {
    const patterns = own[kind] ?? [];
    if (patterns.length === 0) return [];
    const isMeant = pathPattern(...patterns);
    const isTree = treePattern(...patterns);
    return {
      id: `own-${kind}`,
      touches: `Files that reproducible.${kind} in .scoville.yaml names.`,
      safeBecause: 'The user asked for it.',
      answers: 'What the user knows of the image',
      mode: 'safe',
      kind,
      applies: ({ path }) => isMeant(path),
      appliesToFolder: ({ path }) => isTree(path),
    };
  });
}
