import { describe, expect, test } from 'vitest';
import { buildWordsError, readFlags, wholeNumber } from '../../src/commands/flags.ts';
import { UserError } from '../../src/model/errors.ts';

const OPTIONS = { json: { type: 'boolean', default: false }, keep: { type: 'string' } } as const;

describe('readFlags', () => {
  test('gives values and names', () => {
    const { values, positionals } = readFlags('prune', ['--json', 'a', '--keep=2', 'b'], OPTIONS);
    expect({ ...values }).toEqual({ json: true, keep: '2' });
    expect(positionals).toEqual(['a', 'b']);
  });

  test.each([[['--json=yes']], [['--keep']]])('refuses %j with the usage', (args) => {
    let thrown: unknown;
    try {
      readFlags('prune', args, OPTIONS);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UserError);
    expect(thrown).toMatchObject({
      exitCode: 2,
      nextStep: expect.stringMatching(/^Usage: scoville prune /) as string,
    });
  });
});

describe('a flag that is not there', () => {
  test.each([
    ['--nope', 'prune has no flag --nope'],
    ['--jsno', 'prune has no flag --jsno'],
    ['-z', 'prune has no flag -z'],
    ['--JSON', 'prune has no flag --JSON; did you mean --json?'],
    ['--keeps', 'prune has no flag --keeps; did you mean --keep?'],
  ])('%s', (flag, message) => {
    let thrown: unknown;
    try {
      readFlags('prune', [flag], OPTIONS);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ message, nextStep: 'scoville prune --help', exitCode: 2 });
  });
});

test('what is wrong with the words of a build is told as the command’s own', () => {
  const error = (message: string) => buildWordsError('update', message);
  expect(error('ERROR: "docker buildx build" requires exactly 1 argument.\nSee')).toMatchObject({
    message: 'update takes one context',
    nextStep: 'Usage: scoville update [scoville build flags] PATH|URL',
  });
  expect(error('bad\u001b[2J flag\n').message).toBe('bad flag');
});

describe('wholeNumber', () => {
  test.each([
    ['0', 0],
    ['10', 10],
    ['007', 7],
  ])('%s is %d', (text, value) => {
    expect(wholeNumber('keep', text, 10)).toBe(value);
  });

  test.each(['', '-1', '1.5', '1e3', '0x1', ' 1', '11', '99999999999999999999'])(
    'refuses %j',
    (text) => {
      expect(() => wholeNumber('keep', text, 10)).toThrow(
        `--keep takes a whole number from 0 to 10, not ${JSON.stringify(text)}`,
      );
    },
  );
});
