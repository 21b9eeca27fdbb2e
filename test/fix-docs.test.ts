import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { fixPage } from '../scripts/fix-page.ts';

test('docs/fix.md is current (node scripts/generate-fix-docs.mjs)', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../docs/fix.md'), 'utf8');
  expect(page).toBe(fixPage(page));
});
