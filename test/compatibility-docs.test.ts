import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BUILDX_FLAGS } from '../src/build/flags.ts';
import { flagCases } from './e2e/parity-flag-cases.ts';

const PAGE = readFileSync(new URL('../docs/compatibility.md', import.meta.url), 'utf8');
const CASES = flagCases('localhost:5000').filter(({ flag }) => flag !== 'no-such-flag');

function rowsOf(heading: string): readonly (readonly string[])[] {
  const text = PAGE.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  return [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row = '']) => row.split(' | '));
}
const names = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`(?:--)?([a-z-]+)`/g)].map(([, name = '']) => name);

const flags = new Map(
  rowsOf('Flags').flatMap(([flag, differs]) => names(flag).map((name) => [name, names(differs)])),
);
const differences = rowsOf('Differences').map(([id]) => names(id)[0] ?? '');

test('the table of flags is that of the builds that are compared, with the differences of each', () => {
  const compared = new Map<string, Set<string>>();
  for (const { flag, also = [], differs = [] } of CASES)
    for (const name of [flag, ...also])
      compared.set(name, new Set([...(compared.get(name) ?? []), ...differs]));
  expect([...flags.keys()].toSorted()).toEqual([...compared.keys()].toSorted());
  for (const [name, differs] of compared)
    expect([name, flags.get(name)]).toEqual([name, [...differs]]);
});

test('a flag that a buildx of the two generations has is in it', () => {
  const later = ['policy', 'resource'];
  const missing = BUILDX_FLAGS.filter(({ name }) => !flags.has(name) && !later.includes(name));
  expect(missing).toEqual([]);
});

test('rows have the cells of their tables', () => {
  expect(rowsOf('Flags').filter((cells) => cells.length > 2)).toEqual([]);
  expect(rowsOf('Differences').filter((cells) => cells.length !== 3)).toEqual([]);
});

test('every difference that a flag has is explained', () => {
  expect([...flags.values()].flat().filter((id) => !differences.includes(id))).toEqual([]);
  expect(differences.length).toBe(new Set(differences).size);
});
