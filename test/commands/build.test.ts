import { expect, test } from 'vitest';
import { main } from '../../src/commands/main.ts';
import { fakeIo } from './command-io.ts';

test.each([
  [['--min-level=1', '-o', 'out'], '--min-level: --output type=local makes no image'],
  [['--min-grade=B', '--check'], '--min-grade: --check evaluates the build and makes no image'],
])(
  '%j: a gate that nothing can be held to is refused, and nothing is built',
  async (flags, said) => {
    const { io, out, err } = fakeIo();
    expect(await main(['build', ...flags, '.'], io)).toBe(2);
    expect(out()).toBe('');
    expect(err()).toBe(`scoville: ${said}, so there is nothing to check\n`);
  },
);
