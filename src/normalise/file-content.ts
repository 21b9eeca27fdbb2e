import type { LayerEntry } from '../model/walk.ts';
import type { ReportRule, RewriteRule, Rule, RuleContext } from './rule.ts';

/** A rule that wants to see what is in a file. */
export type ContentRule = RewriteRule | ReportRule;

/** The rules that may want a file's content, going by all but the content. */
export function contentRules(
  rules: readonly Rule[],
  file: LayerEntry,
  context: RuleContext,
): ContentRule[] {
  const { size } = file.entry;
  if (size === 0) return [];
  return rules.filter(
    (rule): rule is ContentRule =>
      (rule.kind === 'rewrite' || (rule.kind === 'report' && size <= rule.largest)) &&
      rule.applies(file, context),
  );
}

/** Those whose bytes the file starts with. */
export function rulesFor(rules: readonly ContentRule[], head: Uint8Array): ContentRule[] {
  return rules.filter(
    ({ startsWith }) => startsWith?.some((bytes) => isPrefix(bytes, head)) ?? true,
  );
}

/** How much of the file the rules need in one piece. */
export function neededBytes(rules: readonly ContentRule[], size: number): number {
  return Math.max(
    0,
    ...rules.map((rule) =>
      rule.kind === 'rewrite' ? Math.min(rule.headBytes ?? size, size) : size,
    ),
  );
}

function isPrefix(bytes: Uint8Array, head: Uint8Array): boolean {
  return bytes.length <= head.length && bytes.every((byte, i) => byte === head[i]);
}
