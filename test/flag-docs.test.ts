import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { withFlagTables } from '../scripts/flag-tables.ts';
import { COMMANDS } from '../src/commands/command-list.ts';
import { shownFlags } from '../src/plans/flags/command-spec.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../docs/commands.md'), 'utf8');

test('docs/commands.md is current (node scripts/generate-flag-docs.mjs)', async () => {
  expect(await withFlagTables(PAGE)).toBe(PAGE);
});

test.each(COMMANDS.filter(({ name }) => name !== 'build'))(
  'each flag of $name has its row',
  async ({ name, spec }) => {
    const section = PAGE.split(/^## /m).find((part) => part.startsWith(`\`scoville ${name}\`\n`));
    const flags = shownFlags(await spec());
    const rows = (section ?? '').split('\n').filter((line) => line.startsWith('| `--'));
    expect(rows.map((line) => /^\| `--([a-z-]+)`/.exec(line)?.[1])).toEqual(
      flags.map((flag) => flag.name),
    );
  },
);
