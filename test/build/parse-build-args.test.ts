import { describe, expect, test } from 'vitest';
import { buildWords } from '../../src/build/buildx.ts';
import { parseBuildArgs } from '../../src/build/command-line.ts';
import { parsed } from './given.ts';

function words(...argv: readonly string[]): readonly string[] {
  return buildWords({ ...parsed(...argv), outputs: [], env: {} }).slice(2, -1);
}

function problem(...argv: readonly string[]): string {
  const result = parseBuildArgs(argv, {});
  return result.ok ? 'none' : `${result.error.exitCode}: ${result.error.message}`;
}

describe('parseBuildArgs', () => {
  test('takes PATH, URL and - as the context', () => {
    expect(parsed('.').context).toBe('.');
    expect(parsed('-f', '-', 'https://example.com/a.git#main').context).toBe(
      'https://example.com/a.git#main',
    );
    expect(parsed('-').context).toBe('-');
    expect(parsed('-q', '--', '--odd').context).toBe('--odd');
  });

  test.each([
    ['--new .', '--new'],
    ['--new v .', '--new v'],
    ['. --new v', '--new v'],
    ['--new --newer v .', '--new --newer v'],
    ['--new a --newer b .', '--new a --newer b'],
    ['--new=v --newer .', '--new=v --newer'],
    ['-z v .', '-z v'],
    ['--buildx-arg=--report=x .', '--report=x'],
  ])('passes unknown flags through: %j', (line, flags) => {
    const argv = line.split(' ');
    expect([words(...argv).join(' '), parsed(...argv).context]).toEqual([flags, '.']);
  });

  test.each([
    [[]],
    [['a', 'b']],
    [['--new=v', 'a', 'b']],
    [['a', '--', 'b']],
    [['--new', '--', 'a', 'b']],
  ])('wants one argument: %j', (argv) => {
    expect(problem(...argv)).toBe(`1: ERROR: "docker buildx build" requires exactly 1 argument.
See 'docker buildx build --help'.

Usage:  docker buildx build [OPTIONS] PATH | URL | -

Start a build`);
  });

  test('a flag that is wrong has the text and code of buildx', () => {
    expect(problem('.', '-t')).toBe(
      "125: flag needs an argument: 't' in -t\nSee 'docker buildx build --help'.",
    );
  });

  test('--help anywhere is help', () => {
    expect(parseBuildArgs(['-t', 'a', '--help'], {})).toEqual({
      ok: true,
      value: { kind: 'help' },
    });
  });
});

test.each([
  ['--min-levl', '--min-level'],
  ['--reprot=html', '--report'],
  ['--no-sgin', '--no-sign'],
  ['--progres', '--progress'],
])('%s is nearly a flag: an error names it', (given, meant) => {
  const parsed = parseBuildArgs([given, '.'], {});
  const [name = ''] = given.split('=');
  expect(parsed).toEqual({
    ok: false,
    error: {
      exitCode: 125,
      message: `unknown flag: ${name}; did you mean ${meant}?\nSee 'scoville build --help'.`,
    },
  });
});

test('a flag that is like none of ours goes to buildx, and so does one behind --buildx-arg', () => {
  for (const argv of [
    ['--frobnicate', '.'],
    ['--buildx-arg=--min-levl', '.'],
  ])
    expect(parseBuildArgs(argv, {}).ok).toBe(true);
});
