import type { Instruction, SourceRange } from '../../model/dockerfile.ts';
import type { FlatCommand } from '../flat-commands.ts';
import { pathIn } from '../paths.ts';
import type { Field } from '../shell/fields.ts';

/** A command that a stage runs, wrappers (`sudo`, `env`) taken off. */
export interface CommandEvent extends FlatCommand {
  readonly kind: 'command';
  readonly stage: number;
  readonly instruction: Instruction;
  readonly range: SourceRange;
  /** `curl` for `/usr/bin/curl`; '' where it is not constant. */
  readonly program: string;
  readonly argv: readonly Field[];
  /** Another command starts it (`find -exec`, `poetry run`), perhaps not at all. */
  readonly isStarted: boolean;
  /** It runs without network, so that it can bring in nothing from outside. */
  readonly isOffline: boolean;
  /** Value of a shell variable, ENV or ARG. */
  readonly variable: (name: string) => string | undefined;
  readonly allVariables: () => ReadonlyMap<string, string | undefined>;
  /** Every value that the script may give a variable; undefined where one is not known. */
  readonly values: (name: string) => readonly string[] | undefined;
  /** It is a function of the script, or a script that is shown: its commands are in the list. */
  readonly isFollowed: boolean;
}

/** An ADD or COPY between the commands. */
export interface CopyEvent {
  readonly kind: 'copy';
  readonly id: number;
  readonly stage: number;
  readonly instruction: Instruction;
  readonly folder: string;
}

export type BuildEvent = CommandEvent | CopyEvent;

export function wordsOf({ argv }: Pick<CommandEvent, 'argv'>): readonly string[] {
  return argv.slice(1).map(({ text }) => text);
}

/** Where a word of a command leads, without `.` and `..`. */
export function placeOf({ folder }: Pick<CommandEvent, 'folder'>, word: string): string {
  return /^(?:~|\$)/.test(word) ? word : pathIn(folder, word) || '.';
}

/** True where the two commands are of one RUN. */
export function inOneRun(one: CommandEvent, other: CommandEvent): boolean {
  return one.instruction === other.instruction;
}

/** What echo and printf print, and cat of a here-document; undefined where that is not known. */
export function printedBy({ program, argv, input }: CommandEvent): string | undefined {
  const words = wordsOf({ argv });
  if (program === 'cat') return words.every((word) => word === '-') ? input?.text : undefined;
  // Whether echo takes backslashes for signs depends on the shell; to what is looked for here they
  // mean the same.
  if (program === 'echo') {
    const text = /^-[neE]+$/.test(words[0] ?? '') ? words.slice(1) : words;
    return `${escapes(text.join(' '))}\n`;
  }
  if (program !== 'printf' || words[0] === undefined || words[0].startsWith('-')) return undefined;
  const [format, ...rest] = words;
  if (/%(?![s%])/.test(format)) return undefined;
  const count = format.match(/%s/g)?.length ?? 0;
  const given = [...rest];
  let text = '';
  do
    text += escapes(format).replace(/%[s%]/g, (sign) =>
      sign === '%%' ? '%' : (given.shift() ?? ''),
    );
  while (given.length > 0 && count > 0);
  return text;
}

function escapes(text: string): string {
  return text.replace(/\\n/g, '\n').replace(/\\t/g, '\t');
}
