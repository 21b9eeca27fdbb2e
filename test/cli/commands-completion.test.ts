import { expect, test } from 'vitest';
import { COMPLETION_SCRIPTS, SHELLS } from '../../src/cli/command-help.ts';
import { COMMANDS } from '../../src/cli/command-list.ts';
import { completion } from '../../src/cli/completion.ts';
import { main } from '../../src/cli/main.ts';
import { fakeIo } from './command-io.ts';

test.each(SHELLS)('prints the script of %s', async (shell) => {
  const { io, out, err } = fakeIo();
  expect(await completion([shell], io)).toBe(0);
  expect([out(), err()]).toEqual([COMPLETION_SCRIPTS[shell], '']);
});

test('the scripts are answered with each command and what it does', async () => {
  const { io, out } = fakeIo();
  expect(await main(['__complete', ''], io)).toBe(0);
  const lines = COMMANDS.map(({ name, summary }) => `${name}\t${summary}`);
  expect(out()).toBe(`${[...lines, ':4'].join('\n')}\n`);
});
