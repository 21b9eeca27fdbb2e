import { expect, test } from 'vitest';
import { COMMANDS, completedCommands } from '../../src/commands/command-list.ts';
import { completionOf } from '../../src/commands/completion.ts';
import { completionScript, SHELLS } from '../../src/plans/flags/completion.ts';
import { fakeIo } from './command-io.ts';

const completion = completionOf(completedCommands);

test.each(SHELLS)('prints the script of %s, which names each command', async (shell) => {
  const { io, out, err } = fakeIo();
  expect(await completion([shell], io)).toBe(0);
  expect(out()).toBe(completionScript(shell, await completedCommands()));
  for (const { name } of COMMANDS) expect(out()).toContain(name);
  expect(err()).toBe('');
});

test('refuses two shells', () => {
  return expect(completion(['bash', 'zsh'], fakeIo().io)).rejects.toThrow(
    'completion takes one shell',
  );
});
