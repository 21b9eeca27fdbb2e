import type { CommandEvent } from '../build-event.ts';
import { type CommandLine, optionNames, readCommandLine } from '../command-line.ts';

const VALUED = optionNames('-e --regexp -m --max-count -f --file -A -B -C -d -D');

/** The words of a grep that fails where nothing matches; undefined for one that looks for what must not be there, and for other programs. */
export function grepLook({ program, argv }: CommandEvent): CommandLine | undefined {
  if (!/^[ef]?grep$/.test(program)) return undefined;
  const line = readCommandLine(argv.slice(1), VALUED);
  return line.has('-v', '--invert-match', '-L', '--files-without-match') ? undefined : line;
}
