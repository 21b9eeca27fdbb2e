import type { CommandEvent } from '../build-event.ts';
import { type CommandLine, readCommandLine } from '../command-line.ts';

/** The words of a grep that fails where nothing matches; undefined for one that looks for what must not be there, and for other programs. */
export function grepLook({ program, argv }: CommandEvent): CommandLine | undefined {
  if (!/^[ef]?grep$/.test(program)) return undefined;
  const line = readCommandLine(program, argv.slice(1));
  return line.has('-v', '--invert-match', '-L', '--files-without-match') ? undefined : line;
}
