import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type FlagSpec,
  scanArguments,
  type ScanTable as FlagTable,
} from '../../src/cli/flag-table.ts';

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

test.each([
  ['--tag a .', 'tag=a "."'],
  ['--tag=a .', 'tag=a "."'],
  ['--tag= .', 'tag= "."'],
  ['--tag=a=b', 'tag=a=b'],
  ['-t a', 'tag=a'],
  ['-ta', 'tag=a'],
  ['-t=a', 'tag=a'],
  ['-t=', 'tag=='],
  ['-t -q', 'tag=-q'],
  ['--tag -- .', 'tag=-- "."'],
  ['-qt a .', 'quiet=true tag=a "."'],
  ['-qta .', 'quiet=true tag=a "."'],
  ['-q=false', 'quiet=false'],
  ['--quiet false', 'quiet=true "false"'],
  ['--quiet=0 .', 'quiet=0 "."'],
  ['. -q', '"." quiet=true'],
  ['-- -q', '"-q"'],
  ['-', '"-"'],
  ['', '""'],
  ['--no-sign .', 'sign=false "."'],
  ['--no-quiet .', '?--no-quiet "."'],
  ['--no-sign=false .', '?--no-sign=false "."'],
  ['--new .', '?--new "."'],
  ['--new=v', '?--new=v'],
  ['-qzf .', 'quiet=true ?-zf "."'],
  ['--help', 'help'],
  ['-qh', 'quiet=true help'],
])('%j', (line, found) => {
  expect(scan(...line.split(' '))).toEqual(found.split(' '));
});

test.each([
  [['--tag'], '125: flag needs an argument: --tag'],
  [['-qt'], "125: flag needs an argument: 't' in -t"],
  [['--=x'], '125: bad flag syntax: --=x'],
  [['---x'], '125: bad flag syntax: ---x'],
  [
    ['--quiet=maybe'],
    '125: invalid argument "maybe" for "-q, --quiet" flag: strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [
    ['--sign='],
    '125: invalid argument "" for "--sign" flag: strconv.ParseBool: parsing "": invalid syntax',
  ],
])('%j is refused in the words of pflag', (argv, message) => {
  expect(scan(...argv)).toBe(message);
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
