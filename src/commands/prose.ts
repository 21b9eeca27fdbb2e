import type { CommandSpec } from '../plans/flags/command-spec.ts';
import { folded } from '../ui/folded.ts';
import type { CommandIo } from './io.ts';

/** The same streams, where lines of stderr on a terminal break between words. */
export function conversing(io: CommandIo): CommandIo {
  if (!io.errIsTerminal) return io;
  return {
    ...io,
    writeErr: (text) => {
      io.writeErr(folded(text, io.columns));
    },
  };
}

/** Writes text for people to stdout; a terminal gets lines that fit, a pipe gets them as is. */
export function writeProse(io: CommandIo, text: string): void {
  io.writeOut(io.outIsTerminal ? folded(text, io.columns) : text);
}

/** Writes what `scoville COMMAND --help` prints. */
export async function writeHelp(io: CommandIo, spec: CommandSpec): Promise<void> {
  const { commandHelp, HELP_COLUMNS } = await import('../plans/flags/command-help.ts');
  const columns = io.outIsTerminal ? Math.min(HELP_COLUMNS, io.columns) : HELP_COLUMNS;
  writeProse(io, commandHelp(spec, columns));
}
