import { expect, test } from 'vitest';
import { contextIgnore } from '../../src/build/context-source.ts';
import { cpuMs } from '../cpu-time.ts';

// What moby/patternmatcher and its reader of ignore files answer.
test.each<[string, string, boolean]>([
  ['a', 'a/b/c', true],
  ['a.b', 'axb', false],
  ['/a', 'a', true],
  ['a/', 'a', true],
  ['./b/../a', 'a', true],
  ['../a', 'a', false],
  ['/../a', 'a', true],
  ['*.b', 'x/a.b', false],
  ['**/*.b', 'a.b', true],
  ['**a', 'x/ba', true],
  ['**a/*', 'ba/c', false],
  ['a**', 'ab/c', true],
  ['a**b', 'axb', false],
  ['a**b', 'ax/b', true],
  ['?', 'é', true],
  ['**/a*/**/*b', 'x/ay/b', true],
  ['**/a*/**/*b', 'a/x/y/zb', true],
  ['**/a*/**/*b', 'xa/b', false],
  ['a**b**c**', 'ax/bc/d', true],
  ['a**b**c**', 'axb/c', false],
  ['*a*[b-d]*?é', 'xaycz-é', true],
  ['*a*[b-d]*?é', 'xa/cz-é', false],
  ['*.py[cod]', 'x.pyc', true],
  ['[!a]', 'b', false],
  ['[^a]', 'b', true],
  ['a\n!a/b', 'a/b', false],
  ['a\n!a/b', 'a/c', true],
  ['!a\na', 'a', true],
  ['*\n!a', 'a/b', false],
  ['*\n!a/b', 'a/b/c', false],
  ['a\n/!a', 'a', false],
  ['# a\n#b', 'b', false],
  [' #a', '#a', true],
  ['a \r', 'a', true],
  ['\u00a0a', 'a', true],
  ['\ufeffa', 'a', true],
  ['(a)', '(a)', true],
  ['a+', 'a+', true],
])('%j leaves out %j: %j', (text, path, isLeftOut) => {
  expect(contextIgnore(text)?.(path)).toBe(isLeftOut);
});

test.each(['a\\b', 'a|b', '[[:alpha:]]', '[b-a]', 'a]', '!', '\n'.repeat(1001)])(
  'where %j is not sure, nothing is known to be there',
  (text) => {
    expect(contextIgnore(text)).toBeUndefined();
  },
);

test.each(['*a'.repeat(40) + 'b', '**/'.repeat(40) + '*x', '*?'.repeat(60) + 'b'])(
  'many stars take no long time: %s',
  (pattern) => {
    const isLeftOut = contextIgnore(pattern) ?? (() => true);
    const paths = ['a'.repeat(250), 'a/'.repeat(200) + 'a'];
    expect(cpuMs(() => paths.map(isLeftOut))).toBeLessThan(10_000);
  },
);
