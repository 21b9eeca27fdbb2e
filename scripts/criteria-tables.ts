import { MINIMAL_BASES } from '../src/criteria/minimal-base.ts';
import { TRUSTED_PUBLISHERS } from '../src/criteria/trusted-source.ts';
import {
  CREDENTIAL_FILES,
  HARMLESS_PLACES,
  KEY_STORES,
} from '../src/facts/secrets/credential-files.ts';
import { SECRET_RULE_GROUPS } from '../src/facts/secrets/secret-rules.ts';
import { NO_SECRET_NAMES, SECRET_NAMES } from '../src/model/secret-names.ts';
import {
  BUILD_PACKAGES,
  BUILD_TOOL_GROUPS,
  PACKAGE_MANAGER_GROUPS,
  SHELL_GROUPS,
  type ToolGroup,
} from '../src/programs/kinds.ts';
import { RULE_TABLES, type RuleTable } from './criteria-rules.ts';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line), ''];
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Names that are parted by blanks. */
function codes(names: string): string {
  return names.split(' ').map(code).join(', ');
}

function pattern(regex: RegExp | undefined): string {
  return regex === undefined ? '' : code(regex.source.replaceAll('\\/', '/'));
}

/** Many rules as a list of whose tokens they find; few as a table. */
function secretRules(rules: readonly { id: string; what: string }[]): string[] {
  if (rules.length < 10)
    return table(
      ['rule', 'finds'],
      rules.map(({ id, what }) => [code(id), what]),
    );
  const issuers = new Set(
    rules.map(({ what }) => what.replace(/(?::|,? and (?:others|services)|, once).*/, '')),
  );
  return [`Tokens and keys of ${[...issuers].join(', ')}.`, ''];
}

function toolTables(groups: readonly ToolGroup[]): string[] {
  return groups.flatMap(({ kind, entries }) => [
    `### ${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
    '',
    ...table(
      ['name', 'reason'],
      Object.entries(entries).map(([names, reason]) => [codes(names), reason]),
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
      Object.entries(BUILD_PACKAGES).map(([names, reason]) => [codes(names), reason]),
    ),
  ],
  'no-package-manager': () => [heading, '', ...toolTables(PACKAGE_MANAGER_GROUPS)],
  'minimal-base': () => [
    heading,
    '',
    ...table(
      ['base', 'repository', 'tag', 'but not', 'os-release', 'reason'],
      MINIMAL_BASES.map((base) => [
        base.name,
        pattern(base.repository),
        pattern(base.tag),
        pattern(base.except),
        (base.systems ?? []).map(code).join(', '),
        base.reason,
      ]),
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
  'no-secrets': () => [
    '## The rules',
    '',
    'What counts, where it is looked for, and how well: [secrets](../secrets.md). A finding names its rule.',
    '',
    ...SECRET_RULE_GROUPS.flatMap(({ kind, rules }) => [
      `### ${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
      '',
      ...secretRules(rules),
    ]),
    '### Files made for credentials',
    '',
    `${[...CREDENTIAL_FILES, ...KEY_STORES].map(({ what }) => what).join('; ')}; assignments to secret names in \`.env\`, \`*.env\` and \`*.tfvars\`, but not in templates of such files; a \`.git\` folder.`,
    '',
    '### Set aside',
    '',
    'Counted and shown with the reason, never dropped. The places are in `src/facts/secrets/credential-files.ts`.',
    '',
    ...new Set(HARMLESS_PLACES.map(({ reason }) => `- ${reason}`)),
    '',
  ],
  'secrets-by-file': () => [
    heading,
    '',
    ...table(
      ['a variable that matches', 'contains'],
      SECRET_NAMES.map((row) => [pattern(row.pattern), row.reason]),
    ),
    'These contain none:',
    '',
    ...table(
      ['a variable that matches', 'is'],
      NO_SECRET_NAMES.map((row) => [pattern(row.pattern), row.reason]),
    ),
  ],
};

function ruleTable({ heading: title, says, head, rows }: RuleTable): string[] {
  const intro = says === undefined ? [] : [says, ''];
  return [`## ${title}`, '', ...intro, ...table(head, rows)];
}

/** The tables that a criterion's page shows, as Markdown lines; empty where it decides by none. */
export function criterionTables(id: string): string[] {
  return [...(TABLES[id]?.() ?? []), ...(RULE_TABLES[id] ?? []).flatMap(ruleTable)];
}
