import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { lintPage } from '../scripts/lint-page.ts';

test('docs/lint.md is current (node scripts/generate-lint-docs.mjs)', () => {
  const page = resolve(import.meta.dirname, '../docs/lint.md');
  expect(readFileSync(page, 'utf8')).toBe(lintPage());
});
