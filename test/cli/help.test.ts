import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/command-list.ts';
import { helpText } from '../../src/cli/main.ts';

test('the help lists each command with its summary, in eighty columns', () => {
  expect(COMMANDS.filter(({ summary }) => summary.length >= 60)).toEqual([]);
  const lines = helpText().split('\n');
  for (const { name, summary } of COMMANDS)
    expect(
      lines.filter((line) => line.startsWith(`  ${name} `) && line.endsWith(summary)),
    ).toHaveLength(1);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});
