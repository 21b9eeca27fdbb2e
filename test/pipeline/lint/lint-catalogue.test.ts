import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DOCKERFILE_CRITERIA, LINT_RULES } from '../../../src/pipeline/lint/lint-catalogue.ts';
import { FILE_RULES, IMAGE_CHECKS, OWN_RULES } from '../../../src/rules/lints.ts';
import { linted } from './lint-support.ts';

const FOLDER = resolve(import.meta.dirname, '../../../src/rules');

describe('the rules of lint', () => {
  test('are the criteria that a Dockerfile shows something of, and our own', () => {
    expect(DOCKERFILE_CRITERIA.map(({ id }) => id)).toEqual([
      'trusted-source',
      'verified-downloads',
      'pinned-images',
      'pinned-packages',
    ]);
    expect(LINT_RULES).toHaveLength(
      DOCKERFILE_CRITERIA.length +
        Object.keys(IMAGE_CHECKS).length +
        OWN_RULES.length +
        FILE_RULES.length,
    );
    expect(new Set(LINT_RULES.map(({ id }) => id)).size).toBe(LINT_RULES.length);
  });

  test('have a file each', () => {
    const named = [...OWN_RULES.map(({ id }) => id), ...Object.keys(IMAGE_CHECKS)];
    const folders = readdirSync(FOLDER).filter((id) => existsSync(join(FOLDER, id, 'lint.ts')));
    expect(folders.sort()).toEqual(named.sort());
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
