import { flagHead, standardOf } from '../src/cli/command-help.ts';
import { COMMANDS } from '../src/cli/command-list.ts';
import { type CommandSpec, flagSections, type FlagSpec } from '../src/cli/flag-table.ts';

/** A manual page (man(7)) by its file name, `scoville-build.1`: one for each command, and `scoville.1`. */
export async function manPages(version: string): Promise<ReadonlyMap<string, string>> {
  const pages = new Map<string, string>();
  for (const { name, summary, spec } of COMMANDS)
    pages.set(`scoville-${name}.1`, commandPage({ name, summary, version }, await spec()));
  return pages.set('scoville.1', mainPage(version));
}

interface About {
  readonly name: string;
  readonly summary: string;
  readonly version: string;
}

function commandPage({ name, summary, version }: About, spec: CommandSpec): string {
  const flags = flagSections(spec).map(({ title, flags: shown }) =>
    [...(title === undefined ? [] : [`.SS ${plain(title)}`]), ...shown.map(option)].join('\n'),
  );
  return page(`scoville-${name}`, summary, version, [
    ...section('SYNOPSIS', spec.usage.map((line) => `scoville ${line}`).join('\n.br\n')),
    ...section('DESCRIPTION', prose(spec.about)),
    ...(flags.length === 0 ? [] : section('OPTIONS', flags.join('\n'))),
    ...(spec.end === undefined ? [] : ['.PP', prose(spec.end)]),
    ...section('EXAMPLES', spec.examples.map(([call, does]) => item(call, does)).join('\n')),
    ...section('EXIT STATUS', spec.exits.map(([code, means]) => item(code, means)).join('\n')),
    ...section('SEE ALSO', '.BR scoville (1)'),
  ]);
}

function mainPage(version: string): string {
  const commands = COMMANDS.map(({ name, summary }) => item(`scoville ${name}`, summary));
  return page('scoville', 'builds, signs, grades and hardens container images', version, [
    ...section('SYNOPSIS', '.B scoville\n.I COMMAND\n[flags]'),
    ...section('COMMANDS', commands.join('\n')),
    ...section('SEE ALSO', COMMANDS.map(({ name }) => `.BR scoville\\-${name} (1)`).join(',\n')),
  ]);
}

function page(name: string, summary: string, version: string, parts: readonly string[]): string {
  return [
    `.TH "${name.toUpperCase().replaceAll('-', '\\-')}" 1 "" "Scoville ${version}" "Scoville"`,
    // Commands are copied from here: no hyphens.
    '.nh',
    ...section('NAME', `${plain(name)} \\- ${plain(summary)}`),
    ...parts,
    '',
  ].join('\n');
}

function section(title: string, text: string): readonly string[] {
  return [`.SH ${title}`, text];
}

function item(head: string, text: string): string {
  return `.TP\n.B ${plain(head)}\n${prose(text)}`;
}

function option(flag: FlagSpec): string {
  const standard = standardOf(flag);
  const notes = [
    ...(flag.choices === undefined ? [] : [`One of: ${flag.choices.join(', ')}.`]),
    ...(standard === undefined ? [] : [`Default: ${standard}.`]),
  ];
  return item(flagHead(flag).trim(), [flag.help, ...notes].join('. ').replaceAll('..', '.'));
}

/** Paragraphs; a line that begins with a space stays as it is. */
function prose(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      if (line === '') return '.PP';
      return line.startsWith(' ') ? `.nf\n${plain(line)}\n.fi` : plain(line);
    })
    .join('\n');
}

/** Text that roff takes for itself: no escapes, and no line that begins like a request. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '\\(ga')
    .replace(/^(?=[.'])/, '\\&');
}
