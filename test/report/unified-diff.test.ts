import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runTool } from '../../src/lib/run-tool.ts';
import { oldLines, unifiedDiff } from '../../src/report/fix.ts';
import { cpuMs } from '../cpu-time.ts';

/** What `git apply`, or `patch`, makes of a file by a patch. */
async function applied(
  tool: 'git' | 'patch',
  path: string,
  before: string | undefined,
  patch: string,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-diff-'));
  try {
    if (before !== undefined) await writeFile(join(folder, path), before);
    await writeFile(join(folder, 'a.patch'), patch);
    const args =
      tool === 'git'
        ? ['apply', '--whitespace=nowarn', 'a.patch']
        : ['--binary', '-s', '-p1', '-i', 'a.patch'];
    const env = { GIT_CEILING_DIRECTORIES: tmpdir(), GIT_CONFIG_GLOBAL: '/dev/null' };
    const ended = await runTool({ command: tool, args, cwd: folder, env, timeoutMs: 20_000 });
    if (ended.ended !== 'exit' || ended.exitCode !== 0) throw new Error(JSON.stringify(ended));
    return await readFile(join(folder, path), 'utf8');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const TEN = Array.from({ length: 10 }, (_, i) => `${i}\n`).join('');

describe('unifiedDiff', () => {
  test('hunks with three lines around them, apart where they are far from each other', () => {
    const before = Array.from({ length: 20 }, (_, i) => `${i}\n`).join('');
    const after = before.replace('2\n', 'two\n').replace('15\n', '').replace('18\n', '18\n18b\n');
    expect(unifiedDiff({ path: 'Dockerfile', before, after })).toBe(
      '--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,6 +1,6 @@\n 0\n 1\n-2\n+two\n 3\n 4\n 5\n' +
        '@@ -13,8 +13,8 @@\n 12\n 13\n 14\n-15\n 16\n 17\n 18\n+18b\n 19\n',
    );
  });

  test('a file outside the folder is named from the root', () => {
    expect(unifiedDiff({ path: '/tmp/a', before: 'x\n', after: 'y\n' })).toMatch(
      /^--- a\/tmp\/a\n\+\+\+ b\/tmp\/a\n/,
    );
  });

  test('nothing changed: nothing', () => {
    expect(unifiedDiff({ path: 'a', before: TEN, after: TEN })).toBe('');
    expect(unifiedDiff({ path: 'a', before: undefined, after: '' })).toBe('');
  });

  test('a last line without an end is marked', () => {
    expect(unifiedDiff({ path: 'a', before: 'x', after: 'y' })).toBe(
      '--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+y\n\\ No newline at end of file\n',
    );
  });

  test('colours stand around lines, and take nothing away', () => {
    const plain = unifiedDiff({ path: 'a', before: 'x\n', after: 'y\n' });
    const colored = unifiedDiff({ path: 'a', before: 'x\n', after: 'y\n' }, { color: true });
    expect(colored).toContain('\u001b[31m-x\u001b[0m\n\u001b[32m+y\u001b[0m\n');

    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  });

  test.each([
    ['a plain name', 'Dockerfile', 'FROM a\n', 'FROM b\n'],
    ['a name with blanks', 'my Dockerfile', 'FROM a\n', 'FROM b\n'],
    ['a name with an umlaut and a quote', 'ä"b', 'FROM a\n', 'FROM b\n'],
    ['CRLF', 'Dockerfile', 'FROM a\r\nRUN b\r\n', 'FROM c\r\nRUN b\r\nUSER 1\r\n'],
    ['a byte order mark', 'Dockerfile', '\uFEFFFROM a\n', '\uFEFFFROM b\n'],
    ['a line end added at the end', 'Dockerfile', 'FROM a', 'FROM a\n'],
    ['a new file', '.dockerignore', undefined, '.git\n'],
    ['a file that was empty', '.dockerignore', '', '.git\n'],
    [
      'lines that look like a patch',
      'Dockerfile',
      '--- a\n+++ b\n@@ -1 +1 @@\n',
      '+++ b\n@@ -1 +1 @@\n--- c\n',
    ],
  ])('git apply and patch take %s', async (_, path, before, after) => {
    const patch = unifiedDiff({ path, before, after });
    expect(await applied('git', path, before, patch)).toBe(after);
    // GNU patch reads no quoted names with octal escapes before 2.7.
    if (/^[\w. ]+$/.test(path)) expect(await applied('patch', path, before, patch)).toBe(after);
  });

  test('git apply takes whatever comes out', async () => {
    const lines = fc.array(fc.constantFrom('a', 'b', '', ' ', '-x', '+y', '\\', 'z\r'), {
      maxLength: 14,
    });
    const text = fc.tuple(lines, fc.boolean()).map(([l, end]) => l.join('\n') + (end ? '\n' : ''));
    await fc.assert(
      fc.asyncProperty(text, text, async (before, after) => {
        const patch = unifiedDiff({ path: 'f', before, after });
        if (patch === '') expect(after).toBe(before);
        // git takes a patch that empties a file for one that removes it.
        else if (after !== '') expect(await applied('git', 'f', before, patch)).toBe(after);
      }),
      { numRuns: 40 },
    );
  });
});

test('where very much differs, all lines count as changed', async () => {
  const lines = (word: string) =>
    Array.from({ length: 3000 }, (_, i) => `${word} ${i}\nUSER 1\n`).join('');
  const [before, after] = [lines('RUN'), `${lines('ENV')}# end`];
  let patch = '';
  expect(cpuMs(() => (patch = unifiedDiff({ path: 'f', before, after })))).toBeLessThan(5000);
  expect(patch).toMatch(/^--- a\/f\n\+\+\+ b\/f\n@@ -1,6000 \+1,6001 @@\n-RUN 0\n/);
  expect(await applied('git', 'f', before, patch)).toBe(after);
  expect(oldLines(before, after)(6001)).toBe(6001);
});

test.each([
  ['abcdef', ['new', 'b', 'c', 'X', 'Y', 'Z', 'e', 'f'], [1, 2, 3, 4, 4, 4, 5, 6]],
  ['a', ['new', 'a'], [1, 1]],
  ['a', ['a', 'new'], [1, 1]],
  ['ab', ['b'], [2]],
  ['ab', ['a', 'b'], [1, 2]],
])('the lines of %j that those of %j are, or stand for', (before, after, expected) => {
  const oldLine = oldLines(before.replace(/./g, '$&\n'), after.map((line) => `${line}\n`).join(''));
  expect(after.map((_, i) => oldLine(i + 1))).toEqual(expected);
});
