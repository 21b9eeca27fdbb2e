import { describe, expect, test } from 'vitest';
import { LINT_RULES } from '../../src/criteria/catalogue.ts';
import { linted } from '../lint/lint-support.ts';

describe('the rules of lint', () => {
  test('have ids of their own', () => {
    expect(new Set(LINT_RULES.map(({ id }) => id)).size).toBe(LINT_RULES.length);
  });

  test.each(LINT_RULES)('$id finds its bad example, and nothing in its good one', (rule) => {
    const ids = (text: string): readonly string[] => linted(text).findings.map((f) => f.rule);
    expect(ids(rule.bad)).toContain(rule.id);
    expect(ids(rule.good)).not.toContain(rule.id);
    expect(linted(rule.good).parsed).toBe(true);
    expect(rule.help.length).toBeGreaterThan(40);
    expect(rule.remedy).not.toContain('\n');
  });
});
