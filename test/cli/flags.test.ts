import { describe, expect, test } from 'vitest';
import { bool, choice, many, standard, text, whole } from '../../src/cli/flag-table.ts';
import { buildWordsError, command, readFlags, usageLine } from '../../src/cli/flags.ts';
import { UserError } from '../../src/lib/errors.ts';
import { fakeIo } from './command-io.ts';

const SPEC = {
  name: 'prune',
  usage: ['prune [flags] [NAME...]', 'prune --all'],
  about: 'Removes things.',
  examples: [['scoville tidy', 'removes them']] as const,
  exits: [['0', 'removed']] as const,
  flags: {
    json: bool('As JSON', { short: 'j' }),
    keep: standard(whole('N', 'How many', { most: 10 }), '1'),
    'build-arg': many('NAME=VALUE', 'An argument'),
    'fail-on': choice(['error', 'warning'], 'LEVEL', 'How bad'),
    file: text('FILE', 'A file'),
    type: text('NAME|URI', 'What it is', { choices: ['sbom', 'vex'] }),
  },
  operands: { most: 2, error: 'takes two names' },
};

function problem(args: readonly string[]): unknown {
  try {
    readFlags(args, SPEC);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('readFlags', () => {
  test.each([
    [['--json=yes'], /json/],
    [['--keep'], /keep/],
    [['a', 'b', 'c'], /^prune takes two names$/],
  ])('refuses %j with the usage', (args, message) => {
    const thrown = problem(args);
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown).toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message) as string,
      nextStep: 'Usage: scoville prune [flags] [NAME...] | prune --all',
    });
  });

  test.each([
    ['--keep=', '--keep needs a value'],
    ['--keep=-1', '--keep takes a whole number from 0 to 10, not "-1"'],
    ['--keep=1.5', '--keep takes a whole number from 0 to 10, not "1.5"'],
    ['--keep=1e1', '--keep takes a whole number from 0 to 10, not "1e1"'],
    ['--keep=0x1', '--keep takes a whole number from 0 to 10, not "0x1"'],
    ['--keep= 1', '--keep takes a whole number from 0 to 10, not " 1"'],
    ['--keep=11', '--keep takes a whole number from 0 to 10, not "11"'],
    ['--fail-on=info', 'invalid value "info" for --fail-on; use one of error, warning'],
    ['--nope', 'prune has no flag --nope'],
    ['--jsno', 'prune has no flag --jsno; did you mean --json?'],
    ['-z', 'prune has no flag -z'],
    ['--JSON', 'prune has no flag --JSON; did you mean --json?'],
    ['--keeps', 'prune has no flag --keeps; did you mean --keep?'],
  ])('%s is bad usage', (flag, message) => {
    const nextStep = 'scoville prune --help';
    expect(problem([flag])).toMatchObject({ message, nextStep, exitCode: 2 });
  });

  test('what is offered is not all that is taken', () => {
    expect(problem(['--type=https://example.com/note/v1'])).toBeUndefined();
  });

  test.each(['0', '10', '007'])('%s is a whole number', (text) => {
    expect(readFlags(['--keep', text], SPEC).flags.keep).toBe(Number(text));
  });
});

test('a command prints its help, and is not run then', async () => {
  const { io, out } = fakeIo();
  const run = command(SPEC, () => Promise.reject(new Error('run')));
  expect(await run(['a', '-h'], io)).toBe(0);
  expect(out()).toMatch(/^Usage: scoville prune/);
  await expect(run(['--', '--help'], io)).rejects.toThrow('run');
});

test('what is wrong with the words of a build is told as the command’s own', () => {
  const error = (message: string) => buildWordsError(SPEC, { message, exitCode: 2 });
  const arity = { message: 'any words', exitCode: 1, isArity: true } as const;
  expect(buildWordsError(SPEC, arity)).toMatchObject({
    message: 'prune takes one context',
    nextStep: usageLine(SPEC),
  });
  expect(error('bad\u001b[2J flag\n').message).toBe('bad flag');
});
