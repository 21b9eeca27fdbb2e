import { BUILD_PACKAGES } from '../src/criteria/build-packages.ts';
import { BUILD_TOOL_GROUPS } from '../src/criteria/build-tools.ts';
import { MINIMAL_BASES, PACKAGE_LIMIT } from '../src/criteria/minimal-bases.ts';
import { PACKAGE_MANAGER_GROUPS } from '../src/criteria/package-managers.ts';
import { NO_SECRET_NAMES, SECRET_NAMES } from '../src/criteria/secret-names.ts';
import { SHELL_GROUPS } from '../src/criteria/shells.ts';
import type { ToolGroup } from '../src/criteria/tools-table.ts';
import { TRUSTED_PUBLISHERS } from '../src/criteria/trusted-publishers.ts';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

function code(text: string): string {
  return `\`${text}\``;
}

function pattern(regex: RegExp | undefined): string {
  return regex === undefined ? '' : code(regex.source.replaceAll('\\/', '/'));
}

function toolTables(groups: readonly ToolGroup[]): string[] {
  return groups.flatMap(({ kind, entries }) => [
    `### ${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
    '',
    ...table(
      ['name', 'reason'],
      Object.entries(entries).map(([name, reason]) => [code(name), reason]),
    ),
  ]);
}

const heading = '## The table';

const TABLES: Readonly<Record<string, () => string[]>> = {
  'no-shell': () => [heading, '', ...toolTables(SHELL_GROUPS)],
  'no-build-tooling': () => [
    heading,
    '',
    ...toolTables(BUILD_TOOL_GROUPS),
    '### Packages',
    '',
    'Besides packages named after one of the tools above, `*-dev`, `*-devel` and `*-static`:',
    '',
    ...table(
      ['package', 'reason'],
      Object.entries(BUILD_PACKAGES).map(([name, reason]) => [code(name), reason]),
    ),
  ],
  'no-package-manager': () => [heading, '', ...toolTables(PACKAGE_MANAGER_GROUPS)],
  'minimal-base': () => [
    heading,
    '',
    ...table(
      ['base', 'repository', 'tag', 'but not', 'reason'],
      MINIMAL_BASES.map((base) => [
        base.name,
        pattern(base.repository),
        pattern(base.tag),
        pattern(base.except),
        base.reason,
      ]),
    ),
    '## The limit',
    '',
    `${PACKAGE_LIMIT} OS packages. Counted on Debian 13 (\`mmdebstrap\`):`,
    '',
    ...table(
      ['root', 'packages'],
      [
        ['minbase', '78'],
        ['minbase, openjdk-21-jre-headless', '88'],
        ['minbase, python3', '92'],
        ['minbase, nodejs', '93'],
        ['minbase, curl, ca-certificates', '103'],
        ['important', '144'],
        [
          'minbase, ca-certificates, curl, gnupg, git, mercurial, subversion, openssh-client, procps',
          '159',
        ],
        ['standard', '240'],
      ],
    ),
  ],
  'trusted-source': () => [
    heading,
    '',
    ...table(
      ['publisher', 'begins with', 'reason'],
      TRUSTED_PUBLISHERS.map(({ name, prefix, reason }) => [name, code(prefix), reason]),
    ),
  ],
  'secrets-by-file': () => [
    heading,
    '',
    ...table(
      ['a variable that matches', 'holds'],
      SECRET_NAMES.map((row) => [pattern(row.pattern), row.reason]),
    ),
    'These hold none:',
    '',
    ...table(
      ['a variable that matches', 'is'],
      NO_SECRET_NAMES.map((row) => [pattern(row.pattern), row.reason]),
    ),
  ],
};

/** The tables that a criterion's page shows, as Markdown lines; empty where it decides by none. */
export function criterionTables(id: string): string[] {
  return TABLES[id]?.() ?? [];
}
