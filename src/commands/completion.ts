import { EXIT, UserError } from '../model/errors.ts';
import { type CompletedCommand, completionScript, SHELLS } from '../plans/flags/completion.ts';
import { command, usageLine } from './flags.ts';
import type { Command } from './io.ts';
import { COMPLETION } from './small-specs.ts';

/** `scoville completion SHELL`, given the list of commands that it is itself in. */
export const completionOf = (commands: () => Promise<readonly CompletedCommand[]>): Command =>
  command(COMPLETION, async (_flags, [name], io) => {
    const shell = SHELLS.find((candidate) => candidate === name);
    if (shell === undefined)
      throw new UserError(`completion ${COMPLETION.operands.error}`, {
        nextStep: usageLine(COMPLETION),
      });
    io.writeOut(completionScript(shell, await commands()));
    return EXIT.met;
  });
