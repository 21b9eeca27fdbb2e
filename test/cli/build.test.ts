import { expect, test } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { fakeIo } from './command-io.ts';

test.each([
  [['--min-level=1', '-o', 'out'], '--min-level: --output type=local makes no image'],
  [['--min-grade=B', '--check'], '--min-grade: --check evaluates the build and makes no image'],
  ...['--sign', '--key=k', '--keyless', '--prove', '--record', '--replay', '--with-inputs'].map(
    (flag): [string[], string] => [
      [flag, '-o', 'out'],
      `${flag.replace(/=.*/, '')}: --output type=local makes no image`,
    ],
  ),
  [
    ['--repro=deterministic', '--output=type=tar,dest=x'],
    '--repro: --output type=tar makes no image',
  ],
  [['--profile=p', '-o', 'out'], '--profile: --output type=local makes no image'],
])(
  '%j: what would do nothing without an image is refused, and nothing is built',
  async (flags, said) => {
    const { io, out, err } = fakeIo();
    expect(await main(['build', ...flags, '.'], io)).toBe(2);
    expect(out()).toBe('');
    expect(err()).toBe(`scoville: ${said}, so it would do nothing\n`);
  },
);
