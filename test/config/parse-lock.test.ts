import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lockText } from '../../src/build/plan-lock.ts';
import { formatProblem } from '../../src/config/document.ts';
import { parseLock } from '../../src/config/lock.ts';

const HEAD = 'schemaVersion: 1\nnormaliser: 1-safe\n';
const DIGEST = `sha256:${'a'.repeat(64)}`;

async function problemsOf(text: string): Promise<readonly string[]> {
  const read = await parseLock(text, 'f.lock');
  return read.ok ? [] : read.error.map(formatProblem);
}

test.each([
  ['', 'f.lock:1:1: the file must be a mapping of keys'],
  ['normaliser: x\n', 'f.lock:1:1: the file lacks schemaVersion'],
  [
    'schemaVersion: 2\nnormaliser: x\n',
    'f.lock:1:16: schemaVersion must be a whole number from 1 to 1, not "2"',
  ],
  [`${HEAD}imges: {}\n`, 'f.lock:3:1: unknown key "imges"; did you mean images?'],
  [
    `${HEAD}images:\n  a:\n    digest: sha256:1\n`,
    'f.lock:5:13: images.a.digest must be a sha256 digest',
  ],
  [`${HEAD}images:\n  a: {}\n`, 'f.lock:4:6: images.a lacks digest'],
  [`${HEAD}images:\n  a: &x { digest: ${DIGEST} }\n  b: *x\n`, 'f.lock:5:6: aliases are not taken'],
  [
    `${HEAD}images:\n  a: { digest: ${DIGEST} }\n  a: { digest: ${DIGEST} }\n`,
    'f.lock:5:3: Map keys must be unique',
  ],
  [
    `${HEAD}images:\n  "a@b": { digest: ${DIGEST} }\n`,
    `f.lock:4:3: images: "a@b" is not an image's full name`,
  ],
  [`${HEAD}images:\n  __proto__: { digest: ${DIGEST} }\n`, 'f.lock:4:3: "__proto__" is not a key'],
  [
    `${HEAD}remotes:\n  https://a: ${DIGEST.slice(0, 20)}\n`,
    'f.lock:4:14: remotes.https://a must be a sha256 or sha1 digest',
  ],
  [
    `${HEAD}packages:\n  linux/amd64:\n    deb: [curl]\n`,
    'f.lock:5:11: packages.linux/amd64.deb[0] must be a name and a version with a space between',
  ],
  [
    `${HEAD}epoch: { seconds: -1, reason: x }\n`,
    'f.lock:3:19: epoch.seconds must be a whole number from 0 to 253402300799, not "-1"',
  ],
  ['<<<<<<< HEAD\nschemaVersion: 1\n', 'f.lock:1:1: '],
])('%j has a place', async (text, problem) => {
  expect((await problemsOf(text))[0]).toContain(problem.trim());
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
