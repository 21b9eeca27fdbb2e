import { type CommandSpec, shownFlags } from './command-spec.ts';
import type { FlagSpec } from './flag-spec.ts';

const WIDTH = 100;
/** A flag whose head is wider has its help on the lines below. */
const WIDEST_HEAD = 34;

/** The text of `scoville COMMAND --help`: usage, what it does, a line for each flag. */
export function commandHelp(spec: CommandSpec): string {
  const { usage, about, titles = {}, othersTitle, end } = spec;
  const flags = shownFlags(spec);
  const width = Math.max(0, ...flags.map((flag) => head(flag).length).filter(isNarrow)) + 2;
  const firstOther = flags.find((flag) => spec.others?.includes(flag) === true);
  const rows = flags.map((flag) => {
    const title = flag === firstOther ? othersTitle : titles[flag.name];
    return `${title === undefined ? '' : `\n${title}\n`}${row(flag, width)}\n`;
  });
  return [
    `Usage: ${usage.map((line) => `scoville ${line}`).join('\n       ')}\n`,
    `\n${about.trim()}\n`,
    ...(rows.length === 0 ? [] : [rows[0]?.startsWith('\n') === true ? '' : '\n', ...rows]),
    ...(end === undefined ? [] : [`\n${end.trim()}\n`]),
  ].join('');
}

function isNarrow(length: number): boolean {
  return length <= WIDEST_HEAD;
}

function row(flag: FlagSpec, width: number): string {
  const left = head(flag);
  const lines = wrapped(helpOf(flag), WIDTH - width - 2);
  const indent = ' '.repeat(width + 2);
  const [first = '', ...more] = lines;
  const start = isNarrow(left.length)
    ? `  ${left.padEnd(width)}${first}`
    : `  ${left}\n${indent}${first}`;
  return [start, ...more.map((line) => indent + line)].join('\n');
}

function head(flag: FlagSpec): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  return `${short}--${flag.name}${valueText(flag)}`;
}

/** What stands behind the name of a flag: its value. */
function valueText({ value, bare }: Pick<FlagSpec, 'value' | 'bare'>): string {
  if (value === undefined) return '';
  return bare === undefined ? ` ${value}` : value;
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

/** What counts where a flag is not given; undefined where nothing is said. */
export function standardOf({ standard, kind }: FlagSpec): string | undefined {
  return kind === 'bool' && standard === 'true' ? 'on' : standard;
}

function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
