import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/command-list.ts';
import { errorText, helpText, main } from '../../src/cli/main.ts';
import { ToolError, UserError } from '../../src/lib/errors.ts';
import { fakeIo } from './command-io.ts';

async function ran(...argv: readonly string[]) {
  const { io, out, err } = fakeIo();
  const code = await main(argv, io);
  return { code, out: out(), err: err() };
}

describe('main', () => {
  test.each([['--help'], ['-h'], ['help']])('%s prints the help on stdout', async (flag) => {
    expect(await ran(flag)).toEqual({ code: 0, out: helpText(), err: '' });
  });

  test('nothing at all prints the help on stderr, as bad usage', async () => {
    expect(await ran()).toEqual({ code: 2, out: '', err: helpText() });
  });

  test.each([['--version'], ['-v'], ['version']])('%s prints the version', async (flag) => {
    expect(await ran(flag)).toEqual({ code: 0, out: 'scoville 0.0.0-source\n', err: '' });
  });

  test.each(COMMANDS.map(({ name }) => [name]))('%s has a help of its own', async (name) => {
    const { code, out, err } = await ran(name, '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`scoville ${name}`);
    expect(await ran('help', name)).toEqual({ code, out, err });
  });

  test.each([
    ['bulid', '; did you mean build?'],
    ['comp', '; did you mean completion?'],
    ['p', ''],
    ['\u001b[2J', ''],
  ])('%j is no command', async (name, guess) => {
    expect(await ran(name)).toEqual({
      code: 2,
      out: '',
      err: `scoville: unknown command: ${JSON.stringify(name)}\n  next: scoville --help lists the commands${guess}\n`,
    });
  });

  test.each([
    [['prune', '--everything'], 'prune has no flag --everything'],
    [['prune', 'app'], 'prune does not take names'],
    [['prune', '--keep', 'x'], '--keep takes a whole number from 0 to 1000000, not "x"'],
    [['doctor', 'app'], 'doctor does not take names'],
    [['push'], 'push needs a name'],
    [['load'], 'load needs a name'],
    [['completion'], 'completion takes one shell: bash, zsh or fish'],
    [['completion', 'tcsh'], 'completion takes one shell: bash, zsh or fish'],
  ])('%j is bad usage', async (argv, said) => {
    const { code, out, err } = await ran(...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`scoville: ${said}`);
  });

  test('an abort is an interruption, whatever was thrown', async () => {
    const { io, err } = fakeIo({ signal: AbortSignal.abort() });
    expect(await main(['push'], io)).toBe(130);
    expect(err()).toBe(
      '\nscoville: interrupted; nothing was tagged, loaded or pushed after this point\n',
    );
  });

  test('of a command that publishes nothing it is no more', async () => {
    const { io, err } = fakeIo({ signal: AbortSignal.abort() });
    expect(await main(['lint', '--nothing'], io)).toBe(130);
    expect(err()).toBe('\nscoville: interrupted\n');
  });
});

describe('errorText', () => {
  test('says what happened and the next step', () => {
    const error = new UserError('cannot connect to Docker', { nextStep: 'start Docker' });
    expect(errorText(error, false)).toBe(
      'scoville: cannot connect to Docker\n  next: start Docker\n',
    );
  });

  test('quotes the last lines of a tool', () => {
    const stderrTail = Array.from({ length: 10 }, (_, i) => `line ${i}`).join('\n');
    const error = new ToolError('cosign failed', { stderrTail });
    expect(errorText(error, false).split('\n')).toEqual([
      'scoville: cosign failed',
      ...[2, 3, 4, 5, 6, 7, 8, 9].map((i) => `  | line ${i}`),
      '',
    ]);
  });

  test('takes out what could steer the terminal', () => {
    const error = new ToolError('registry said \u001b[2Jno', {
      stderrTail: '\u001b]0;title\u0007bad\rworse',
    });
    expect(errorText(error, false)).toBe('scoville: registry said no\n  | badworse\n');
  });

  test('what a tool said at last is said once', () => {
    const error = new ToolError('skopeo could not: no such image', {
      stderrTail: 'asking\nno such image',
    });
    expect(errorText(error, false)).toBe('scoville: skopeo could not: no such image\n  | asking\n');
  });

  test('asks for a report of anything else, with where it was thrown', () => {
    const text = errorText(new TypeError('x is undefined'), false);
    expect(text).toContain('scoville: x is undefined\n  this is a defect of scoville');
    expect(text).toContain('main.test.ts');
  });

  test('shows where an expected error was thrown only when debugging', () => {
    const error = new UserError('no');
    expect(errorText(error, false)).not.toContain('main.test.ts');
    expect(errorText(error, true)).toContain('main.test.ts');
  });
});
