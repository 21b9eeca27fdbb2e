import { wrapWords } from '../lib/text.ts';
import BASH from './completion.bash?raw';
import FISH from './completion.fish?raw';
import ZSH from './completion.zsh?raw';
import { type CommandSpec, completedFlags, flagSections, type FlagSpec } from './flag-table.ts';

export const HELP_COLUMNS = 80;
const WIDEST_HEAD = 27;

/** Usage, purpose, examples, flags, exit codes, in this many columns; `all`: rare flags too. */
export function commandHelp(spec: CommandSpec, columns = HELP_COLUMNS, all = false): string {
  const { usage, about, examples, exits, end } = spec;
  const sections = flagSections(spec).filter(({ isRare }) => all || !isRare);
  const heads = sections.flatMap(({ flags }) => flags.map((flag) => flagHead(flag).length));
  const width = Math.max(0, ...heads.filter((length) => length <= WIDEST_HEAD)) + 2;
  const flagRows = sections.map(({ title, flags }) => {
    const heading = title === undefined ? '' : `${flowed(title, columns)}\n`;
    const rows = flags.map((flag) => `${row(flagHead(flag), helpOf(flag), width, columns)}\n`);
    return `\n${heading}${rows.join('')}`;
  });
  const codes = exits.map(([code, means]) => `${row(code, means, 'other'.length + 2, columns)}\n`);
  return [
    `Usage: ${usage.map((line) => `scoville ${line}`).join('\n       ')}\n`,
    `\n${flowed(about, columns)}\n`,
    '\nExamples:\n',
    ...exampleRows(examples, columns),
    ...flagRows,
    ...(end === undefined ? [] : [`\n${flowed(end, columns)}\n`]),
    '\nExit codes:\n',
    ...codes,
  ].join('');
}

/** Side by side where all fit, what each does else below it. */
function exampleRows(examples: CommandSpec['examples'], columns: number): readonly string[] {
  const width = Math.max(...examples.map(([call]) => call.length)) + 2;
  const fits = examples.every(([, does]) => 2 + width + does.length <= columns);
  return examples.map(([call, does]) =>
    fits ? `  ${call.padEnd(width)}${does}\n` : `  ${call}\n      ${does}\n`,
  );
}

/** Paragraphs in lines that fit; a line that begins with a space stays as it is. */
function flowed(text: string, columns: number): string {
  const out: string[] = [];
  let open: string[] = [];
  const close = (): void => {
    if (open.length > 0) out.push(...wrapWords(open.join(' '), columns));
    open = [];
  };
  for (const line of text.trim().split('\n')) {
    if (line === '' || line.startsWith(' ')) {
      close();
      out.push(line);
    } else open.push(line);
  }
  close();
  return out.join('\n');
}

function row(name: string, means: string, width: number, columns: number): string {
  const lines = wrapWords(means, columns - width - 2);
  const indent = ' '.repeat(width + 2);
  const [first = '', ...more] = lines;
  const start =
    name.length + 2 <= width ? `  ${name.padEnd(width)}${first}` : `  ${name}\n${indent}${first}`;
  return [start, ...more.map((line) => indent + line)].join('\n');
}

/** A flag in help and command pages: `-o, --output DEST`; indented if it has no short name. */
export function flagHead(flag: FlagSpec): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  const { value, bare } = flag;
  const shown = value === undefined || bare !== undefined ? (value ?? '') : ` ${value}`;
  return `${short}--${flag.name}${shown}`;
}

function helpOf(flag: FlagSpec): string {
  const { help, choices } = flag;
  const standard = standardOf(flag);
  const notes = [
    ...(choices === undefined ? [] : [choices.join(', ')]),
    ...(standard === undefined ? [] : [`default: ${standard}`]),
  ];
  return notes.length === 0 ? help : `${help} (${notes.join('; ')})`;
}

export function standardOf({ standard, kind }: FlagSpec): string | undefined {
  return kind === 'bool' && standard === 'true' ? 'on' : standard;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly spec: Pick<CommandSpec, 'flags' | 'others' | 'also' | 'operands'>;
}

const HELP: FlagSpec = { name: 'help', short: 'h', kind: 'bool', help: 'Show this help' };

function flagsOf({ spec }: CompletedCommand): readonly FlagSpec[] {
  return [...completedFlags(spec as CommandSpec), HELP];
}

type Paths = 'none' | 'files' | 'folders';

interface Offer {
  readonly words: readonly (readonly [word: string, help: string])[];
  readonly paths: Paths;
}

/** As spf13/cobra, completions.go, names them. */
const DIRECTIVES: Readonly<Record<Paths, number>> = { none: 4, files: 0, folders: 16 };

/** The answer to `__complete WORDS` in the form of cobra's commands, which docker reads. */
export function completionAnswer(
  commands: readonly CompletedCommand[],
  typed: readonly string[],
  withHelp = true,
): string {
  const last = typed.at(-1) ?? '';
  const { words, paths } = offered(commands, typed);
  const lines = words
    .filter(([word]) => word.startsWith(last))
    .map(([word, help]) => (withHelp ? `${word}\t${help}` : word));
  return `${[...lines, `:${DIRECTIVES[paths]}`].join('\n')}\n`;
}

const FILES: Offer = { words: [], paths: 'files' };

function offered(commands: readonly CompletedCommand[], typed: readonly string[]): Offer {
  const words = (of: Offer['words']): Offer => ({ words: of, paths: 'none' });
  if (typed.length < 2) return words(commands.map(({ name, summary }) => [name, summary]));
  const command = commands.find(({ name }) => name === typed[0]);
  if (command === undefined) return FILES;
  const flags = flagsOf(command);
  const [last = '', before = ''] = [typed.at(-1), typed.at(-2)];
  const glued = /^(--[\w-]+=)/.exec(last)?.[1] ?? '';
  const named = glued === '' ? before : glued.slice(0, -1);
  const given = flags.find(
    ({ name, short, kind }) => kind !== 'bool' && [`--${name}`, `-${short ?? '-'}`].includes(named),
  );
  if (given !== undefined)
    return given.choices === undefined && given.path === true
      ? FILES
      : words((given.choices ?? []).map((choice) => [glued + choice, given.help]));
  if (last.startsWith('-')) return words(flags.map(({ name, help }) => [`--${name}`, help]));
  const { choices, folders } = command.spec.operands ?? {};
  if (choices !== undefined) return words(choices.map((choice) => [choice, '']));
  return { words: [], paths: folders === true ? 'folders' : 'files' };
}

/** A shell's completion script: each asks `scoville __complete`, so that no script is ever old. */
export const COMPLETION_SCRIPTS: Readonly<Record<(typeof SHELLS)[number], string>> = {
  bash: BASH,
  zsh: ZSH,
  fish: FISH,
};
