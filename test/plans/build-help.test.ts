import { expect, test } from 'vitest';
import { buildHelp } from '../../src/plans/build-help.ts';
import { BUILDX_FLAGS } from '../../src/plans/buildx/buildx-flags.ts';
import { OWN_FLAGS } from '../../src/plans/own-flags.ts';

const HELP = buildHelp();

test('every shown flag has a line that fits a terminal, hidden ones have none', () => {
  for (const flag of [...OWN_FLAGS, ...BUILDX_FLAGS]) {
    const lines = HELP.split('\n').filter((line) =>
      new RegExp(`  --${flag.name}( |\\[=|$)|, --${flag.name}( |$)`).test(line),
    );
    expect([flag.name, lines.length]).toEqual([flag.name, flag.hidden === true ? 0 : 1]);
  }
  expect(HELP.split('\n').filter((line) => line.length > 120)).toEqual([]);
});

test('choices and shorthands are named', () => {
  expect(HELP).toContain('--min-grade GRADE');
  expect(HELP).toContain('(A+, A, B, C, D)');
  expect(HELP).toContain('-t, --tag NAME[:TAG]');
});
