import type { Instruction, SourceRange } from '../../model/dockerfile.ts';
import { isFlag, valuedOptions } from '../../programs/options.ts';
import type { FlatCommand } from '../flat-commands.ts';
import { lookupIn } from '../instruction.ts';
import { pathIn } from '../paths.ts';
import { mountsOf, type PlacedInstruction } from '../read-dockerfile.ts';
import type { Field } from '../shell/expand.ts';

/** A command that a stage runs, wrappers (`sudo`, `env`) taken off. */
export interface CommandEvent extends FlatCommand {
  readonly kind: 'command';
  readonly stage: number;
  readonly instruction: Instruction;
  readonly range: SourceRange;
  /** It runs without network, so that it can bring in nothing from outside. */
  readonly isOffline: boolean;
  /** Shell variables, ENV and ARG: those without a known value too. */
  readonly variables: () => ReadonlyMap<string, string | undefined>;
  /** It is a function of the script: its commands are in the list. */
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

/** The commands of a RUN, with what its stage gives them. */
export function commandsOf(
  { instruction, scope, flat }: PlacedInstruction,
  stage: number,
  buildArgs: Readonly<Record<string, string>>,
): readonly CommandEvent[] {
  const lookup = lookupIn(scope, buildArgs);
  const secrets = mountsOf(instruction).flatMap(({ type, env }) =>
    type === 'secret' && env ? [env] : [],
  );
  // An ARG without a value is not set.
  const args = [...scope.args].flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const outer = new Map(
    [...args, ...scope.env.keys(), ...secrets].map((name) => [name, lookup(name)]),
  );
  const isOffline = instruction.flags.some(
    ({ name, value }) => name === 'network' && value === 'none',
  );
  return (flat?.commands ?? []).map((one) => ({
    ...one,
    kind: 'command',
    stage,
    instruction,
    range: one.command.range,
    isOffline,
    variables: () => (one.set.size === 0 ? outer : new Map([...outer, ...one.set])),
    isFollowed:
      flat?.functions.has(one.program) === true &&
      one.own.wrappers.length === 0 &&
      !one.isStarted &&
      one.command.depth === undefined &&
      !(one.argv[0]?.text ?? '').includes('/'),
  }));
}

export function wordsOf({ argv }: Pick<CommandEvent, 'argv'>): readonly string[] {
  return argv.slice(1).map(({ text }) => text);
}

/** Its program and words, as one text. */
export function lineOf({ program, argv }: Pick<CommandEvent, 'program' | 'argv'>): string {
  return [program, ...wordsOf({ argv })].join(' ');
}

/** The target of a word of a command, without `.` and `..`. */
export function placeOf({ folder }: Pick<CommandEvent, 'folder'>, word: string): string {
  return /^(?:~|\$)/.test(word) ? word : pathIn(folder, word) || '.';
}

/** What echo and printf print, and cat of a here-document; undefined where that is not known. */
export function printedBy({ program, argv, input }: CommandEvent): string | undefined {
  const words = wordsOf({ argv });
  // Whether echo takes backslashes for signs depends on the shell; it means the same here.
  const escapes = (text: string): string => text.replace(/\\n/g, '\n').replace(/\\t/g, '\t');
  if (program === 'cat') return words.every((word) => word === '-') ? input?.text : undefined;
  if (program === 'echo') {
    const text = /^-[neE]+$/.test(words[0] ?? '') ? words.slice(1) : words;
    return `${escapes(text.join(' '))}\n`;
  }
  const [format, ...given] = words;
  if (program !== 'printf' || format === undefined || /^-|%(?![s%])/.test(format)) return undefined;
  const count = format.match(/%s/g)?.length ?? 0;
  let text = '';
  do
    text += escapes(format).replace(/%[s%]/g, (sign) =>
      sign === '%%' ? '%' : (given.shift() ?? ''),
    );
  while (given.length > 0 && count > 0);
  return text;
}

/** The one command before the bar; undefined where there are none, or several. */
export function sourceOf(
  { pipedFrom }: CommandEvent,
  events: readonly CommandEvent[],
): CommandEvent | undefined {
  const [source, ...more] = events.filter(({ id }) => pipedFrom.includes(id));
  return more.length > 0 ? undefined : source;
}

/** A command's words, sorted: options with their values, and the rest. */
export interface CommandLine {
  readonly operands: readonly Field[];
  /** True where the option was given in any of its spellings, which are parted by blanks. */
  readonly has: (names?: string) => boolean;
  readonly values: (names?: string) => readonly Field[];
  /** The first option that no table has, or a flag with a value: what it means is not known. */
  readonly odd: string | undefined;
}

/**
 * Reads the words behind a program's name: `--name=value`, `--name value` and `-n value` where the
 * program's option takes one, `-nvalue` and clusters (`-fsSLo file`).
 */
export function readCommandLine(program: string, argv: readonly Field[]): CommandLine {
  const valued = valuedOptions(program);
  const options = new Map<string, Field[]>();
  const operands: Field[] = [];
  let odd: string | undefined;
  const add = (name: string, value?: Field, isGlued = false): void => {
    if (valued.has(name) ? value === undefined : !isFlag(program, name, isGlued)) odd ??= name;
    options.set(name, [...(options.get(name) ?? []), ...(value === undefined ? [] : [value])]);
  };
  let plain = false;
  for (let at = 0; at < argv.length; at += 1) {
    const field = argv[at];
    if (field === undefined) break;
    const { text } = field;
    if (plain || !text.startsWith('-') || text === '-') operands.push(field);
    else if (text === '--') plain = true;
    else if (text.startsWith('--')) {
      const [, name = text, value] = /^(--[^=]*)=([^]*)$/.exec(text) ?? [];
      if (value !== undefined) add(name, { ...field, text: value }, true);
      else add(name, valued.has(name) ? argv[(at += 1)] : undefined);
    } else
      for (let index = 1; index < text.length; index += 1) {
        const name = `-${text.charAt(index)}`;
        if (!valued.has(name)) {
          add(name);
          continue;
        }
        const rest = text.slice(index + 1).replace(/^=/, '');
        add(name, rest === '' ? argv[(at += 1)] : { ...field, text: rest });
        break;
      }
  }
  return {
    operands,
    has: (names = '') => names.split(' ').some((name) => options.has(name)),
    values: (names = '') => names.split(' ').flatMap((name) => options.get(name) ?? []),
    odd,
  };
}

/** The words behind the first of `verbs`, parted by `|`, that begins them: '' any, `-` none. */
export function behindVerb(words: readonly Field[], verbs: string): readonly Field[] | undefined {
  const spoken = `${words.map(({ text }) => text).join(' ')} `;
  for (const verb of verbs.split('|')) {
    if (verb === '' || (verb === '-' && words.length === 0)) return words;
    if (spoken.startsWith(`${verb} `)) return words.slice(verb.split(' ').length);
  }
  return undefined;
}
