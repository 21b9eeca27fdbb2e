import { EXIT, UserError } from '../lib/errors.ts';
import { COMPLETION_SCRIPTS, SHELLS } from './command-help.ts';
import { command, usageLine } from './flags.ts';
import { COMPLETION } from './specs.ts';

export const completion = command(COMPLETION, (_flags, [name], io) => {
  const shell = SHELLS.find((candidate) => candidate === name);
  if (shell === undefined)
    throw new UserError(`completion ${COMPLETION.operands.error}`, {
      nextStep: usageLine(COMPLETION),
    });
  io.writeOut(COMPLETION_SCRIPTS[shell]);
  return Promise.resolve(EXIT.met);
});
