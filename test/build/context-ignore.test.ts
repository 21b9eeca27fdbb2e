import { describe, expect, test } from 'vitest';
import { contextIgnore } from '../../src/build/context-source.ts';
import { ignoredFolders } from '../../src/build/send-contexts.ts';
import { cpuMs } from '../cpu-time.ts';
import { yamlTable } from '../fakes/table.ts';

const TABLE = yamlTable('test/build/context-ignore.yaml') as {
  readonly ignored: readonly [string, string, boolean][];
  readonly folders: readonly [string, string, boolean][];
  readonly exceptions: readonly [string, boolean][];
};

test.each(TABLE.ignored)('%j leaves out %j: %j', (text, path, isLeftOut) => {
  expect(contextIgnore(text)?.(path)).toBe(isLeftOut);
});

test.each([
  ...['a\\b', 'a|b', '[[:alpha:]]', '[b-a]', 'a]', '!', '\n'.repeat(1001)],
  ...['*a*b*c', '**/a*/**/*b'],
])('where %j is not sure, nothing is known to be there', (text) => {
  expect(contextIgnore(text)).toBeUndefined();
});

test.each(['*a'.repeat(40) + 'b', '**/'.repeat(40) + '*x', '*?'.repeat(60) + 'b'])(
  'many stars take no long time: %s',
  (pattern) => {
    const isLeftOut = contextIgnore(pattern) ?? (() => true);
    const paths = ['a'.repeat(250), 'a/'.repeat(200) + 'a'];
    expect(cpuMs(() => paths.map(isLeftOut))).toBeLessThan(10_000);
  },
);

describe('folders that are not looked into', () => {
  test.each(TABLE.folders)('%j leaves out %s: %s', (text, folder, expected) => {
    expect(ignoredFolders(text)(folder)).toBe(expected);
  });

  test.each(TABLE.exceptions)('with the exception %j folder a: %s', (exception, expected) => {
    expect(ignoredFolders(`a\n${exception}\n`)('a')).toBe(expected);
  });
});
