import { describe, expect, test } from 'vitest';
import { readFlags, wholeNumber } from '../../src/commands/flags.ts';
import { UserError } from '../../src/model/errors.ts';

const OPTIONS = { json: { type: 'boolean', default: false }, keep: { type: 'string' } } as const;

describe('readFlags', () => {
  test('gives values and names', () => {
    const { values, positionals } = readFlags('prune', ['--json', 'a', '--keep=2', 'b'], OPTIONS);
    expect({ ...values }).toEqual({ json: true, keep: '2' });
    expect(positionals).toEqual(['a', 'b']);
  });

  test.each([[['--nope']], [['--json=yes']], [['--keep']]])('refuses %j with the usage', (args) => {
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
