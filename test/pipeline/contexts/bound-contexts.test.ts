import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { claim } from '../../../src/oci/layout/owner.ts';
import { boundContexts } from '../../../src/pipeline/contexts/bound-contexts.ts';
import { temporaryFolder } from '../../fakes/layouts.ts';

const NOW = Date.now();
const HOUR = 3_600_000;

/** A staged context with copies of `bytes`, used `hours` ago. */
function staged(home: string, name: string, source: string, bytes: number, hours: number): void {
  mkdirSync(join(home, name, 'app'), { recursive: true });
  const file = join(home, name, 'record.json');
  writeFileSync(file, JSON.stringify({ schema: 1, source, record: { a: [bytes, 0, 0, 0] } }));
  utimesSync(file, (NOW - hours * HOUR) / 1000, (NOW - hours * HOUR) / 1000);
}

test('what is gone, long unused or left by a dead process goes; what a build holds stays', async () => {
  const home = temporaryFolder();
  staged(home, 'used', home, 10, 1);
  staged(home, 'gone', join(home, 'none'), 20, 1);
  staged(home, 'old', home, 40, 24 * 8);
  staged(home, 'held', join(home, 'none'), 80, 24 * 8);
  await claim(join(home, 'held', 'claim'));
  mkdirSync(join(home, 'x-held'));
  await claim(join(home, 'x-held', 'claim'));
  mkdirSync(join(home, 'x-left'));
  expect(await boundContexts(home, 1000, NOW)).toBe(60);
  expect(readdirSync(home).sort()).toEqual(['held', 'used', 'x-held']);
});

test('above the limit the longest unused go first', async () => {
  const home = temporaryFolder();
  for (const [i, name] of ['new', 'middle', 'oldest'].entries()) staged(home, name, home, 100, i);
  expect(await boundContexts(home, 150, NOW)).toBe(200);
  expect(readdirSync(home)).toEqual(['new']);
  expect(await boundContexts(join(home, 'none'), 0, NOW)).toBe(0);
});
