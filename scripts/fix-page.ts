import type { FixRule } from '../src/model/fix-rule.ts';
import { FIX_RULES } from '../src/rules/edits.ts';
import { wrapProse } from './wrap-prose.ts';

const HEADING = '## Rules\n';

function section({ id, title, criterion, help, breaks }: FixRule): string[] {
  const serves =
    criterion === undefined ? '' : ` Serves [\`${criterion}\`](criteria/${criterion}.md).`;
  const rows = breaks.map(
    ({ what, shownBy = 'nothing: the risk is at least medium' }) => `| ${what} | ${shownBy} |`,
  );
  const table = [
    '| What it can break | What shows that it does not |',
    '| --- | --- |',
    ...rows,
    '',
  ];
  return [
    `### \`${id}\``,
    '',
    `${title}.${serves}`,
    '',
    help,
    '',
    ...(rows.length === 0 ? [] : table),
  ];
}

/** docs/fix.md with its last section, the rules, written anew from the catalogue; what stands above it stays. */
export function fixPage(page: string): string {
  const at = page.indexOf(`\n${HEADING}`);
  const above = at < 0 ? `${page.trimEnd()}\n` : page.slice(0, at);
  const rules = [
    HEADING,
    '<!-- Made by scripts/generate-fix-docs.mjs from the catalogue of rules; do not edit. -->',
    '',
    'In the order in which they are shown and applied.',
    '',
    ...FIX_RULES.flatMap(section),
  ];
  return wrapProse(`${above}\n${rules.join('\n').trimEnd()}\n`);
}
