import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FIX_RULES } from '../../src/rules/edits.ts';
import { CHECKED_RULES, LINT_RULES } from '../../src/rules/lints.ts';
import { CATALOGUE } from '../../src/rules/verdicts.ts';
import { linted } from '../pipeline/lint/lint-support.ts';

const ROOM = resolve(import.meta.dirname, '../../src/rules');
const FOLDERS = readdirSync(ROOM).filter((name) => !name.endsWith('.ts') && name !== 'shared');

describe('the folders of rules', () => {
  test('are the criteria and what is only linted', () => {
    const ids = new Set([...CATALOGUE, ...CHECKED_RULES].map(({ id }) => id));
    expect(FOLDERS.sort()).toEqual([...ids].sort());
  });

  test('have their findings in lints.ts', () => {
    const having = FOLDERS.filter((id) => existsSync(join(ROOM, id, 'lint.ts')));
    expect(CHECKED_RULES.map(({ id }) => id).sort()).toEqual(having.sort());
  });

  test('have their edits in edits.ts, beside the criterion or the finding that they serve', () => {
    const found = FOLDERS.flatMap((folder) =>
      readdirSync(join(ROOM, folder))
        .filter((name) => /^edit(?:-[\w-]+)?\.ts$/.test(name))
        .map((name): readonly [string, string] => {
          const text = readFileSync(join(ROOM, folder, name), 'utf8');
          const ids = [...text.matchAll(/^ {2}id: '([\w-]+)'/gm)].map(([, id = '']) => id);
          return [ids.join(), folder];
        }),
    );
    expect(found.map(([id]) => id).sort()).toEqual(FIX_RULES.map(({ id }) => id).sort());
    for (const [id, folder] of found) {
      const rule = FIX_RULES.find((one) => one.id === id);
      expect([rule?.criterion, rule?.lint]).toContain(folder);
    }
  });
});

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
