import type { Instruction } from '../../model/dockerfile.ts';
import { fieldOf } from '../script-commands.ts';
import { programOf, unwrap } from '../shell/wrappers.ts';

/** A command of a RUN, wrappers (`sudo`, `env`) taken off. */
export interface RunProgram {
  /** '' where it is not constant. */
  readonly program: string;
  /** Its words as far as they are known, else as written. */
  readonly words: readonly string[];
}

/** The commands of a RUN in the order they are written. */
export function runPrograms({ commands }: Pick<Instruction, 'commands'>): readonly RunProgram[] {
  return commands.map(({ words }) => {
    const { argv } = unwrap(words.map(fieldOf));
    return { program: programOf(argv), words: argv.slice(1).map(({ text }) => text) };
  });
}
