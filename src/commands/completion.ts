import { EXIT, UserError } from '../model/errors.ts';
import { completionScript, SHELLS } from '../plans/flags/completion.ts';
import { completedCommands } from './command-specs.ts';
import { command, usageLine } from './flags.ts';
import { COMPLETION } from './small-specs.ts';

/** `scoville completion SHELL`. */
export const completion = command(COMPLETION, async (_flags, [name], io) => {
  const shell = SHELLS.find((candidate) => candidate === name);
  if (shell === undefined)
    throw new UserError(`completion ${COMPLETION.operands.error}`, {
      nextStep: usageLine(COMPLETION),
    });
  io.writeOut(completionScript(shell, await completedCommands()));
  return EXIT.met;
});
