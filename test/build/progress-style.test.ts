import { expect, test } from 'vitest';
import { progressStyle } from '../../src/build/plan.ts';
import { parsed } from './given.ts';

test.each([
  [[], '', 'auto'],
  [[], 'plain', 'plain'],
  [[], 'quiet', 'none'],
  [['--progress=plain'], 'nonsense', 'plain'],
  [['--progress=tty'], 'plain', 'tty'],
  [['--progress=rawjson'], '', 'rawjson'],
  [['--progress=none'], '', 'none'],
  [['--progress=quiet'], '', 'quiet'],
  [['-q'], 'plain', 'quiet'],
  [['-q', '--progress=none'], '', 'quiet'],
  [['-q=false'], '', 'auto'],
])('%j with BUILDKIT_PROGRESS=%s is %s', (argv, env, style) => {
  expect(progressStyle(parsed(...argv, '.'), { BUILDKIT_PROGRESS: env })).toEqual({
    ok: true,
    value: style,
  });
});

test('a style in the environment that nobody knows is refused in the words of buildx', () => {
  expect(progressStyle(parsed('.'), { BUILDKIT_PROGRESS: 'nonsense' })).toEqual({
    ok: false,
    error: 'invalid progress mode nonsense',
  });
});

test.each([
  [['-q', '--progress=plain'], 'progress=plain and quiet cannot be used together'],
  [['--progress=nope'], 'invalid progress mode nope'],
])('%j is refused in the words of buildx', (argv, error) => {
  expect(progressStyle(parsed(...argv, '.'), {})).toEqual({ ok: false, error });
});
