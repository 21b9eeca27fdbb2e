import type { CommandEvent } from '../build-event.ts';
import { type CommandLine, readCommandLine } from '../command-line.ts';

/** Words of a grep that fails without a match; undefined for inverse ones and other programs. */
export function grepLook({ program, argv }: CommandEvent): CommandLine | undefined {
  if (!/^[ef]?grep$/.test(program)) return undefined;
  const line = readCommandLine(program, argv.slice(1));
  return line.has('-v', '--invert-match', '-L', '--files-without-match') ? undefined : line;
}
