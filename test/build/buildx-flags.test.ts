import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUILDX_FLAGS, OWN_FLAGS } from '../../src/build/flags.ts';
import type { FlagKind } from '../../src/cli/flag-table.ts';

/** `docker buildx build --help` of 0.13.1 with BUILDX_EXPERIMENTAL=1, as it was printed. */
const HELP = readFileSync(
  new URL('../fixtures/buildx-0.13.1-build-help.txt', import.meta.url),
  'utf8',
);

const KINDS: Readonly<Record<string, FlagKind>> = {
  '': 'bool',
  string: 'string',
  bytes: 'string',
  strings: 'slice',
  stringArray: 'array',
  ulimit: 'array',
};

const recorded = [
  ...HELP.matchAll(
    /^ {2}(?: {4}|-(\w), )--([a-z-]+)(?: (string|strings|stringArray|bytes|ulimit))? /gm,
  ),
].map(([, short, name, type = '']) => ({ name, short, kind: KINDS[type] }));

test('those that 0.13.1 shows are known by name, shorthand and kind', () => {
  expect(recorded).toHaveLength(36);
  const known = BUILDX_FLAGS.map(({ name, short, kind }) => ({ name, short, kind }));
  for (const flag of recorded)
    // Since then --allow has become one value each time.
    expect(known).toContainEqual(flag.name === 'allow' ? { ...flag, kind: 'array' } : flag);
});

test('no name and no shorthand is there twice, ours included', () => {
  const all = [...BUILDX_FLAGS, ...OWN_FLAGS];
  const names = all.map((flag) => flag.name);
  const shorts = all.flatMap((flag) => flag.short ?? []);
  expect(new Set(names).size).toBe(names.length);
  expect(new Set(shorts).size).toBe(shorts.length);
  expect(OWN_FLAGS.filter((flag) => flag.short !== undefined)).toEqual([]);
});

test("turning ours off spells no flag of buildx'", () => {
  const buildx = BUILDX_FLAGS.map((flag) => flag.name);
  expect(OWN_FLAGS.filter((flag) => buildx.includes(`no-${flag.name}`))).toEqual([]);
});
