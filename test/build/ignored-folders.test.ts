import { expect, test } from 'vitest';
import { ignoredFolders } from '../../src/build/send-contexts.ts';

test.each([
  ['node_modules', 'node_modules', true],
  ['node_modules', 'a/node_modules', false],
  ['/dist/', 'dist', true],
  ['./a//b/../c', 'a/c', true],
  ['**/node_modules', 'a/b/node_modules', true],
  ['**/node_modules', 'node_modules', true],
  ['**/node_modules', 'my_node_modules', false],
  ['  .git \r', '.git', true],
  ['# .git', '.git', false],
  ['*.git', '.git', true],
  ['*', 'a', true],
  ['a/*', 'a', false],
  ['a\\b', 'a', false],
  ['', 'a', false],
])('%j leaves out %s: %s', (text, folder, expected) => {
  expect(ignoredFolders(text)(folder)).toBe(expected);
});

test.each([
  ['!a/keep', false],
  ['! a', false],
  ['!**/keep', false],
  ['!a*', false],
  ['!a/*.txt', false],
  ['!b', true],
  ['!ab', true],
  ['!b/*', true],
])('with the exception %j folder a is left out: %s', (exception, expected) => {
  expect(ignoredFolders(`a\n${exception}\n`)('a')).toBe(expected);
});
