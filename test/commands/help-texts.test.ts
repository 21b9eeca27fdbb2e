import { describe, expect, test } from 'vitest';
import type { CommandName } from '../../src/commands/command-list.ts';
import { HELP_TEXT } from '../../src/commands/help-texts.ts';
import { LOAD } from '../../src/commands/load-command.ts';
import { fakeIo } from './command-io.ts';

describe('a help that is shown without loading its command', () => {
  test.each(Object.keys(HELP_TEXT) as CommandName[])(
    '%s says what the command says',
    async (name) => {
      const { io, out } = fakeIo();
      const command = await LOAD[name]();
      expect(await command(['--help'], io)).toBe(0);
      expect(await HELP_TEXT[name]?.()).toBe(out());
    },
  );
});
