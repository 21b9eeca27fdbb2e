import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lockText } from '../../src/build/plan-lock.ts';
import { formatProblem } from '../../src/config/document.ts';
import { parseLock } from '../../src/config/lock.ts';
import { yamlTable } from '../fakes/table.ts';

const HEAD = 'schemaVersion: 1\nnormaliser: 1-safe\n';
const DIGEST = `sha256:${'a'.repeat(64)}`;

async function problemsOf(text: string): Promise<readonly string[]> {
  const read = await parseLock(text, 'f.lock');
  return read.ok ? [] : read.error.map(formatProblem);
}

const ROWS = yamlTable('test/config/parse-lock.yaml') as readonly [text: string, problem: string][];

test.each(ROWS)('%j has a place', async (text, problem) => {
  const [first] = await problemsOf(text.replace('@HEAD', HEAD).replaceAll('@DIGEST', DIGEST));
  expect(first).toContain(problem);
});

test('reads the time of RUNs that it writes', async () => {
  const start = Date.parse('2026-02-03T04:05:06Z') / 1000;
  const text = await lockText({
    images: new Map(),
    builder: {},
    normaliser: '1-safe',
    snapshots: [],
    remotes: new Map(),
    packages: new Map(),
    start,
  });
  expect(text).toContain('\nstart: 2026-02-03T04:05:06Z\n');
  const read = await parseLock(text, 'f.lock');
  expect(read.ok && read.value.start).toBe(start);
  expect((await problemsOf(`${HEAD}start: yesterday\n`))[0]).toContain('must be a time');
});

test('takes tens of thousands of packages, and no more than its bounds', async () => {
  const lines = Array.from({ length: 50_000 }, (_, i) => `      - p${i} 1.${i}`).join('\n');
  const text = `${HEAD}packages:\n  linux/amd64:\n    deb:\n${lines}\n`;
  expect(await problemsOf(text)).toEqual([]);
  expect(await problemsOf(' '.repeat(9 * 1024 * 1024))).toEqual([
    'f.lock:1:1: longer than 8388608 characters',
  ]);
});

test('many keys cost no more than their number, and depth ends', async () => {
  const keys = Array.from({ length: 60_000 }, (_, i) => `  https://a/${i}: ${DIGEST}`).join('\n');
  expect(await problemsOf(`${HEAD}remotes:\n${keys}\n`)).toEqual([]);
  expect((await problemsOf('['.repeat(200_000))).length).toBeGreaterThan(0);
  const maps = `a: ${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const nested = `${HEAD}${maps}\n`;
  expect(await problemsOf(nested)).toContainEqual(
    expect.stringMatching(/^f\.lock:3:\d+: nested too deeply$/),
  );
});

test('never throws', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
      expect(Array.isArray(await problemsOf(HEAD + text))).toBe(true);
    }),
  );
});
