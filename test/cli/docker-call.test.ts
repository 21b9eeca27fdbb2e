import { describe, expect, test } from 'vitest';
import { contextOf, readBuilderWords, readDockerCall } from '../../src/cli/plugin-call.ts';

const NAMES = ['scoville', 'scovillebuilder'];

describe('how Docker calls a plugin', () => {
  test.each([
    { words: 'scoville build .', globals: '', name: 'scoville', rest: 'build .' },
    {
      words: '--context far scoville build -t a .',
      globals: '--context far',
      name: 'scoville',
      rest: 'build -t a .',
    },
    {
      words: '-l debug -D --tlsverify=false scovillebuilder prune -f',
      globals: '-l debug -D --tlsverify=false',
      name: 'scovillebuilder',
      rest: 'prune -f',
    },
    // Docker's own plugins take them behind their name too.
    { words: 'scoville -c=far build', globals: '-c=far', name: 'scoville', rest: 'build' },
    { words: '-Dcfar scoville x', globals: '-Dcfar', name: 'scoville', rest: 'x' },
    // Behind the command they are the command's: --config is a flag of scoville build.
    { words: 'scoville build --config f', globals: '', name: 'scoville', rest: 'build --config f' },
    { words: 'scoville --version', globals: '', name: 'scoville', rest: '--version' },
    { words: 'other build .', globals: '', name: undefined, rest: 'other build .' },
    { words: '--context', globals: '', name: undefined, rest: '--context' },
    { words: '', globals: '', name: undefined, rest: '' },
  ])('$words', ({ words, globals, name, rest }) => {
    const split = (text: string): string[] => text.split(' ').filter((word) => word !== '');
    const call = readDockerCall(split(words), NAMES);
    expect([call.globals, call.name, call.words]).toEqual([split(globals), name, split(rest)]);
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

describe('what a call of the builder asks for', () => {
  test.each([
    { words: ['build', '.'], args: ['.'] },
    { words: ['b', '.'], args: ['.'] },
    { words: ['--builder', 'far', 'build', '.'], args: ['--builder', 'far', '.'] },
    { words: ['--builder=far', 'build', '.'], args: ['--builder=far', '.'] },
  ])('$words is a build', ({ words, args }) => {
    expect(readBuilderWords(words)).toEqual({ kind: 'build', args });
  });

  test.each([
    [['prune', '-f']],
    [['du']],
    [['bake']],
    [['--help']],
    [[]],
    [['--debug', 'build', '.']],
  ])('%j is for buildx', (words) => {
    expect(readBuilderWords(words)).toEqual({ kind: 'buildx' });
  });
});

describe('the context that is built in', () => {
  const none = { contextName: undefined, namesHost: false };
  test.each([
    { call: none, env: {}, configured: undefined, context: 'default' },
    { call: none, env: {}, configured: 'far', context: 'far' },
    { call: none, env: { DOCKER_CONTEXT: 'near' }, configured: 'far', context: 'near' },
    {
      call: none,
      env: { DOCKER_HOST: 'tcp://x', DOCKER_CONTEXT: 'near' },
      configured: 'far',
      context: 'default',
    },
    { call: { ...none, namesHost: true }, env: {}, configured: 'far', context: 'default' },
    {
      call: { ...none, contextName: 'said' },
      env: { DOCKER_HOST: 'tcp://x' },
      configured: 'far',
      context: 'said',
    },
    {
      call: none,
      env: { DOCKER_HOST: '', DOCKER_CONTEXT: '' },
      configured: '',
      context: 'default',
    },
  ])('$env with $configured is $context', ({ call, env, configured, context }) => {
    expect(contextOf(call, env, configured)).toBe(context);
  });
});
