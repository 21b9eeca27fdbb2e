import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/commands/command-list.ts';
import { completion } from '../../src/commands/completion.ts';
import { completionScript, SHELLS } from '../../src/plans/completion.ts';
import { fakeIo } from './command-io.ts';

test.each(SHELLS)('prints the script of %s, which names each command', async (shell) => {
  const { io, out, err } = fakeIo();
  expect(await completion([shell], io)).toBe(0);
  expect(out()).toBe(completionScript(shell, COMMANDS));
  for (const { name } of COMMANDS) expect(out()).toContain(name);
  expect(err()).toBe('');
});

test('refuses two shells', () => {
  expect(() => completion(['bash', 'zsh'], fakeIo().io)).toThrow('completion takes one shell');
});
