import type { Instruction, SourceRange } from '../../model/dockerfile.ts';
import { isBuiltin } from '../../programs/local.ts';
import { valuedOptions } from '../../programs/options.ts';
import type { FlatCommand } from '../flat-commands.ts';
import { pathIn } from '../paths.ts';
import type { Field } from '../shell/expand.ts';
import { type FileContent, PROGRAM_PATH, type StageFiles } from './stage-files.ts';

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

export function wordsOf({ argv }: Pick<CommandEvent, 'argv'>): readonly string[] {
  return argv.slice(1).map(({ text }) => text);
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
}

/**
 * Reads the words behind a program's name: `--name=value`, `--name value` and `-n value` where the
 * program's option takes one, `-nvalue` and clusters (`-fsSLo file`).
 */
export function readCommandLine(program: string, argv: readonly Field[]): CommandLine {
  const valued = valuedOptions(program);
  const options = new Map<string, Field[]>();
  const operands: Field[] = [];
  const add = (name: string, value?: Field): void => {
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
      if (value !== undefined) add(name, { ...field, text: value });
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

/** PATH as an instruction or a script puts it over what it was before; Linux takes 4096 bytes. */
export function overPath(value: string, before: string): string {
  return value.replace(/\$(?:PATH\b|\{PATH(?![#\w])[^}]*\})/g, () => before).slice(0, 4096);
}

/** The folders of PATH, those of the base image put in; an unknown one begins with `$`. */
function pathOf(
  { programPath }: Pick<CommandEvent, 'programPath'>,
  files: StageFiles,
): readonly string[] {
  return overPath(overPath(programPath ?? '$PATH', files.programPath), PROGRAM_PATH).split(':', 64);
}

/** Where a folder of PATH that is not known may be, among what the build put. */
function placesBelow(end: string, id: number, files: StageFiles): readonly string[] {
  return files
    .put(/./, id)
    .slice(0, 64)
    .map((path) => (path.endsWith(end) ? path : `${path}${end}`));
}

/** A file that the build put where a program of this name is looked for; undefined for none. */
export function programFile(
  name: string,
  event: Pick<CommandEvent, 'folder' | 'id' | 'programPath'> &
    Partial<Pick<CommandEvent, 'instruction'>>,
  files: StageFiles,
): { readonly path: string; readonly content: FileContent } | undefined {
  const { folder, id, instruction } = event;
  // In exec form no shell takes the name for its own.
  if (isBuiltin(name) && instruction?.rawArguments.startsWith('[') !== true) return undefined;
  const folders = pathOf(event, files);
  const paths = name.includes('/')
    ? [pathIn(folder, name)]
    : folders.flatMap((one) =>
        one.startsWith('$')
          ? placesBelow(`${one.replace(/^\$(?:\{[^}]*\}|\(\.*\)|\w+)/, '')}/${name}`, id, files)
          : [pathIn(pathIn(folder, one || '.'), name)],
      );
  for (const path of paths) {
    // /bin is a link to /usr/bin.
    const twin = /^\/s?bin\//.test(path) ? `/usr${path}` : path.replace(/^\/usr(?=\/s?bin\/)/, '');
    const content = files.at(path, id) ?? files.at(twin, id);
    if (content !== undefined) return { path, content };
  }
  // Of a place that is not known only a file that is shown counts.
  for (const place of name.includes('/') ? [] : files.put(/\$/, id).slice(0, 64)) {
    const path = place.endsWith(`/${name}`) ? place : `${place}/${name}`;
    const content = files.at(path, id);
    if (content?.kind === 'text') return { path, content };
  }
  return !name.includes('/') &&
    files.isFilled(
      folders.map((one) => pathIn(folder, one)),
      id,
    )
    ? { path: name, content: { kind: 'unread', why: 'may be in a folder that the build filled' } }
    : undefined;
}

/** True where a program by this name may be another than the distribution's. */
export function mayBeReplaced(event: CommandEvent, files: StageFiles): boolean {
  const { program, id, argv, folder } = event;
  const folders = pathOf(event, files).map((one) => pathIn(folder, one));
  const system = PROGRAM_PATH.split(':');
  return (
    !folders.some((one) => system.includes(one)) ||
    folders.some((one) => one.startsWith('$') && !/^\$\{?\w+\}?\/./.test(one)) ||
    programFile(argv[0]?.text ?? program, event, files) !== undefined ||
    files.put(
      new RegExp(`(?:^|/)${program.replace(/[^\w-]/g, '.')}$|^\\$\\{?\\w+(?:#\\d+)?\\}?$`),
      id,
    ).length > 0 ||
    files.isFilled([...folders, ...system], id, true)
  );
}
