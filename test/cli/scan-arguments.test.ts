import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type FlagSpec,
  scanArguments,
  type ScanTable as FlagTable,
} from '../../src/cli/flag-table.ts';
import { tableRows } from '../fakes/table.ts';

const QUIET: FlagSpec = { name: 'quiet', short: 'q', kind: 'bool', help: '' };
const TAG: FlagSpec = { name: 'tag', short: 't', kind: 'array', help: '' };
const SIGN: FlagSpec = { name: 'sign', kind: 'bool', help: '' };
const TABLE: FlagTable = {
  long: new Map([QUIET, TAG, SIGN].map((spec) => [spec.name, spec])),
  short: new Map([
    ['q', QUIET],
    ['t', TAG],
  ]),
  negatable: new Set(['sign']),
};

/** Compact: `tag=x`, `?--new`, `"."`, `help`. */
function scan(...argv: readonly string[]): readonly string[] | string {
  const result = scanArguments(argv, TABLE);
  if (!result.ok) return `${result.error.exitCode}: ${result.error.message.split('\n')[0] ?? ''}`;
  return result.value.map((part) => {
    if (part.kind === 'flag') return `${part.spec.name}=${part.value}`;
    if (part.kind === 'unknown') return `?${part.text}`;
    return part.kind === 'help' ? 'help' : JSON.stringify(part.text);
  });
}

test.each(tableRows('test/cli/scan-arguments.tsv'))('%j', (line, found) => {
  const parts = found.startsWith('125: ') ? found : found.split(' ');
  expect(scan(...line.split(' '))).toEqual(parts);
});

test('every argument is accounted for, whatever it is', () => {
  const argument = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom('-', '--', '-q', '-t', '--tag', '--tag=x', '--new', '.'),
  );
  fc.assert(
    fc.property(fc.array(argument, { maxLength: 8 }), (argv) => {
      const result = scanArguments(argv, TABLE);
      if (!result.ok) expect(result.error.exitCode).toBe(125);
      else
        for (const part of result.value) expect(part.kind).toMatch(/flag|unknown|positional|help/);
    }),
  );
});
