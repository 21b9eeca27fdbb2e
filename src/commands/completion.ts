import { EXIT, UserError } from '../model/errors.ts';
import { completionScript, SHELLS } from '../plans/completion.ts';
import { COMMANDS } from './command-list.ts';
import { usageLine } from './help.ts';
import type { Command } from './io.ts';

const HELP = `Usage: scoville completion bash|zsh|fish

Prints a completion script:
  bash  eval "$(scoville completion bash)"        in ~/.bashrc
  zsh   eval "$(scoville completion zsh)"         in ~/.zshrc
  fish  scoville completion fish | source         in ~/.config/fish/config.fish
`;

/** `scoville completion SHELL`. */
export const completion: Command = (args, io) => {
  const [name] = args;
  if (name === '--help' || name === '-h') {
    io.writeOut(HELP);
    return Promise.resolve(EXIT.met);
  }
  const shell = SHELLS.find((candidate) => candidate === name);
  if (shell === undefined || args.length > 1)
    throw new UserError('completion takes one shell: bash, zsh or fish', {
      nextStep: usageLine('completion'),
    });
  io.writeOut(completionScript(shell, COMMANDS));
  return Promise.resolve(EXIT.met);
};
