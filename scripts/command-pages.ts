import { BUILD } from '../src/build/flags.ts';
import { flagHead, standardOf } from '../src/cli/command-help.ts';
import { COMMANDS } from '../src/cli/command-list.ts';
import {
  type CommandSpec,
  flagSections,
  type FlagSpec,
  shownFlags,
} from '../src/cli/flag-table.ts';
import { given } from '../src/lib/json.ts';
import { SETTINGS_OF } from './command-settings.ts';
import { wrapProse } from './wrap-prose.ts';

export { withSettingRows } from './settings-list.ts';

const START =
  '<!-- Made by scripts/generate-flag-docs.mjs from the table of the command: write below its end. -->';
const END = '<!-- End of what is made. -->';

/** A page's text by its file name. */
type Pages = ReadonlyMap<string, string>;

/** The page of each command and their index: what is made of the tables, above what each page says below it. */
export async function commandPages(textOf: (name: string) => string | undefined): Promise<Pages> {
  const pages = new Map<string, string>();
  const builds = new Set(shownFlags(BUILD).map(({ name, help }) => `${name} ${help}`));
  for (const { name, summary, spec } of COMMANDS) {
    const text = textOf(`${name}.md`) ?? '';
    const end = text.indexOf(END);
    const written = end < 0 ? '\n' : text.slice(end + END.length);
    pages.set(`${name}.md`, made(name, summary, shortened(name, await spec(), builds)) + written);
  }
  return pages.set('README.md', index());
}

/** `bake` without the flags that say the same on the page of `build`. */
function shortened(name: string, spec: CommandSpec, builds: ReadonlySet<string>): CommandSpec {
  if (name !== 'bake') return spec;
  const isOwn = (flag: FlagSpec): boolean => !builds.has(`${flag.name} ${flag.help}`);
  const flags = Object.fromEntries(
    Object.entries(spec.flags).filter(([own, flag]) => isOwn({ ...flag, name: own })),
  );
  const others = (spec.others ?? []).filter(isOwn);
  const { name: own, usage, about, examples, exits, end } = spec;
  return {
    name: own,
    usage,
    about,
    examples,
    exits,
    flags,
    others,
    also: shownFlags(BUILD),
    ...given({ end }),
  };
}

function made(name: string, summary: string, spec: CommandSpec): string {
  const parts = [
    START,
    `# \`scoville ${name}\``,
    `${summary}.`,
    fence('sh', exampleLines(spec)),
    '## Usage',
    fence(
      'text',
      spec.usage.map((line) => `scoville ${line}`),
    ),
    prose(spec.about),
    ...flagParts(spec),
    ...(spec.end === undefined ? [] : [prose(spec.end)]),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      spec.exits.map(([code, means]) => [code === 'other' ? code : `\`${code}\``, means]),
    ),
    ...settingParts(name),
    END,
  ];
  return wrapProse(parts.join('\n\n'));
}

function exampleLines({ examples }: CommandSpec): readonly string[] {
  const width = Math.max(...examples.map(([call]) => call.length)) + 2;
  return examples.map(([call, does]) => `${call.padEnd(width)}# ${does}`);
}

/** Help text as Markdown: its indented lines are code, and pages that it names are links. */
function prose(text: string): string {
  return text
    .trim()
    .split(/\n\n|\n(?= )|(?<=\n .*)\n(?! )/)
    .map((part) =>
      part.startsWith(' ')
        ? fence('dockerfile', [part.trim()])
        : part.replaceAll('\n', ' ').replaceAll('*', '\\*'),
    )
    .join('\n\n')
    .replace(/docs\/([\w-]+)\.md/g, '[$1](../../$1.md)');
}

function flagParts(spec: CommandSpec): readonly string[] {
  const sections = flagSections(spec);
  if (sections.length === 0) return [];
  // Titles of flags that are not grouped are about how they go together: help has them.
  const tables =
    spec.groups === undefined && spec.others === undefined
      ? [flagTable(sections.flatMap(({ flags }) => flags))]
      : sections.flatMap(({ title, flags }) => [
          ...(title === undefined ? [] : [`### ${title.replace(/[,:(].*/, '').trim()}`]),
          flagTable(flags),
        ]);
  return [
    '## Flags',
    ...(spec.also === undefined
      ? []
      : ['It takes the [flags of `scoville build`](build.md#flags), and these:']),
    ...tables,
  ];
}

function flagTable(flags: readonly FlagSpec[]): string {
  // Two columns: a phone shows what a flag does without a turn to the side.
  return table(
    ['flag', 'does'],
    flags.map((flag) => [`\`${flagHead(flag).trim()}\``, flagDoes(flag)]),
  );
}

function flagDoes(flag: FlagSpec): string {
  const { help, choices } = flag;
  const standard = standardOf(flag);
  return [
    help,
    ...(choices === undefined ? [] : [`One of ${choices.map((one) => `\`${one}\``).join(', ')}`]),
    ...(standard === undefined ? [] : [`Default: ${standard}`]),
  ].join('. ');
}

function settingParts(name: string): readonly string[] {
  const read = (SETTINGS_OF[name] ?? []).map((key) => `\`${key}\``);
  if (read.length === 0) return [];
  return [
    '## Settings',
    `It reads ${read.join(', ')} of \`.scoville.yaml\`: [configuration](../../configuration.md#settings) has each key with its flag, and [whose word counts](../../configuration.md#whose-word-counts).`,
  ];
}

function index(): string {
  return wrapProse(`${START}

# Commands

\`scoville COMMAND --help\` prints the same for one command. Results are on stdout; progress and errors are on stderr.

${commandTable((name) => `[\`scoville ${name}\`](${name}.md)`)}

${END}
`);
}

/** The commands by group, as `scoville --help` has them; README has this table too. */
export function commandTable(shown: (name: string) => string): string {
  const rows = COMMANDS.flatMap(({ name, group, summary }, i) => [
    ...(group === COMMANDS[i - 1]?.group ? [] : [[`**${group}**`, '']]),
    [shown(name), summary],
  ]);
  return table(['command', 'does'], rows);
}

function fence(language: string, lines: readonly string[]): string {
  return `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
