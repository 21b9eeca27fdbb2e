import type { Instruction } from '../model/dockerfile.ts';
import { fieldOf } from './script-commands.ts';
import { programOf, unwrap } from './shell/wrappers.ts';

/** A program that a RUN runs, wrappers (`sudo`, `env`) taken off. */
export interface RunProgram {
  /** '' where it is not constant. */
  readonly program: string;
  /** Its words as far as they are known, else as written. */
  readonly words: readonly string[];
  /** The programs that only start it, the first in front. */
  readonly wrappers: readonly string[];
  /** Index of its command. */
  readonly at: number;
}

/** A RUN's programs in written order; those of scripts in its words replace the scripts' shells. */
export function runPrograms({ commands }: Pick<Instruction, 'commands'>): readonly RunProgram[] {
  return commands.flatMap(({ words, depth = 0 }, at) => {
    const own = unwrap(words.map(fieldOf));
    const isRead = (commands[at + 1]?.depth ?? 0) > depth;
    return [own, ...own.started].flatMap(({ argv, wrappers, script }) =>
      script !== undefined && isRead
        ? []
        : [
            {
              program: programOf(argv),
              words: argv.slice(1).map(({ text }) => text),
              wrappers,
              at,
            },
          ],
    );
  });
}
