import { describe, expect, test } from 'vitest';
import { contextOf, readBuilderWords, readDockerCall } from '../../src/cli/plugin-call.ts';
import { yamlTable } from '../fakes/table.ts';

const NAMES = ['scoville', 'scovillebuilder'];
const TABLE = yamlTable('test/cli/docker-call.yaml') as {
  readonly calls: readonly [string, string, string | null, string][];
  readonly builder: readonly [string[], string[]?][];
  readonly contexts: readonly [object, Record<string, string>, string | null, string][];
};

describe('how Docker calls a plugin', () => {
  test.each(TABLE.calls)('%s', (words, globals, name, rest) => {
    const split = (text: string): string[] => text.split(' ').filter((word) => word !== '');
    const call = readDockerCall(split(words), NAMES);
    expect([call.globals, call.name, call.words]).toEqual([
      split(globals),
      name ?? undefined,
      split(rest),
    ]);
  });

  test('the last of two that say the same counts', () => {
    const call = readDockerCall(
      ['--config', '/a', '-c', 'one', '--config=/b', '--context=two', 'scoville', 'x'],
      NAMES,
    );
    expect([call.configDir, call.contextName, call.namesHost]).toEqual(['/b', 'two', false]);
    expect(readDockerCall(['-H', 'tcp://x', 'scoville'], NAMES).namesHost).toBe(true);
  });
});

test.each(TABLE.builder)('of the builder %j is a build with %j, or for buildx', (words, args) => {
  const expected = args === undefined ? { kind: 'buildx' } : { kind: 'build', args };
  expect(readBuilderWords(words)).toEqual(expected);
});

test.each(TABLE.contexts)('%j, %j with %s is %s', (call, env, configured, context) => {
  const none = { contextName: undefined, namesHost: false };
  expect(contextOf({ ...none, ...call }, env, configured ?? undefined)).toBe(context);
});
