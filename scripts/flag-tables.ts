import { COMMANDS } from '../src/commands/command-list.ts';
import { standardOf } from '../src/plans/flags/command-help.ts';
import { type CommandSpec, shownFlags } from '../src/plans/flags/command-spec.ts';
import type { FlagSpec } from '../src/plans/flags/flag-spec.ts';

const START =
  '<!-- Made by scripts/generate-flag-docs.mjs from the table of flags; do not edit. -->';
const END = '<!-- End of the flags. -->';

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function valueOf({ value, choices, bare }: FlagSpec): string {
  if (choices !== undefined && value !== 'FORMAT[=FILE]')
    return choices.map((one) => `\`${one}\``).join(', ');
  return value === undefined
    ? ''
    : `\`${cell(bare === undefined ? value : value.replace(/^\[(.*)\]$/, '$1'))}\``;
}

function row(flag: FlagSpec): string {
  const { name, short, help, choices, value } = flag;
  const names = short === undefined ? `\`--${name}\`` : `\`--${name}\`, \`-${short}\``;
  const formats =
    value === 'FORMAT[=FILE]' && choices !== undefined ? `: ${choices.join(', ')}` : '';
  return `| ${names} | ${valueOf(flag)} | ${cell(standardOf(flag) ?? '')} | ${cell(help)}${formats} |`;
}

function table(spec: CommandSpec): string {
  const flags = shownFlags(spec);
  if (flags.length === 0) return '';
  return [
    START,
    '',
    '| flag | value | default | |',
    '|---|---|---|---|',
    ...flags.map(row),
    '',
    END,
  ].join('\n');
}

/** The page with the usage and the flags of each command as its table has them. */
export async function withFlagTables(page: string): Promise<string> {
  let text = page;
  for (const { name, spec: specOf } of COMMANDS) {
    const spec = await specOf();
    const heading = `## \`scoville ${name}\`\n`;
    const start = text.indexOf(heading);
    if (start < 0) continue;
    const next = text.indexOf('\n## ', start + 1);
    const end = next < 0 ? text.length : next;
    const usage = spec.usage.map((line) => `scoville ${line}\n`).join('');
    const part = text
      .slice(start + heading.length, end)
      .replace(/^\n```\n[^`]*```/, () => `\n\`\`\`\n${usage}\`\`\``)
      .replace(new RegExp(`${START}[\\s\\S]*?${END}`), () => table(spec));
    text = text.slice(0, start) + heading + part + text.slice(end);
  }
  return text;
}
