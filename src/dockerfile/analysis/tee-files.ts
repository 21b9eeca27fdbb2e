import type { TracedCommand } from '../shell/traced-command.ts';
import { programOf } from '../shell/wrappers.ts';
import { readCommandLine } from './command-line.ts';

type Words = Pick<TracedCommand, 'argv'>;

/** Files that tee writes its input to, as they are named; none for other programs. */
export function teeFiles({ argv }: Words): readonly string[] {
  if (programOf(argv) !== 'tee') return [];
  return readCommandLine('tee', argv.slice(1)).operands.map(({ text }) => text);
}

/** True where a command adds to the files that it writes: by `>>`, or `tee -a`. */
export function addsTo({ argv, text }: Words & Pick<TracedCommand, 'text'>): boolean {
  const isTee = programOf(argv) === 'tee';
  return (
    text.includes('>>') || (isTee && readCommandLine('tee', argv.slice(1)).has('-a', '--append'))
  );
}
