import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8');

/** Cells of the rows of a table, without the outer bars. */
function rows(table: string): readonly (readonly string[])[] {
  return [...table.matchAll(/^\| (.*) \|$/gm)].map(([, line = '']) => line.split(' | '));
}

/** `feature, mark` of each row below a heading of docs/comparison.md, with its evidence. */
function evidence(name: string): ReadonlyMap<string, string> {
  const section = read('docs/comparison.md')
    .split(/^## /m)
    .find((part) => part.startsWith(`${name}\n`));
  return new Map(
    rows(section ?? '').map(([feature, mark, text = '']) => [`${feature}, ${mark}`, text]),
  );
}

const [head = [], ...features] = rows(
  read('README.md')
    .split(/^## /m)
    .find((part) => part.startsWith('How it compares')) ?? '',
).filter(([first]) => first !== '---');
// The first cell of the head is empty.
const tools = head
  .map((cell) => /\[([^\]]+)\]/.exec(cell)?.[1] ?? '')
  .filter((name) => name !== '');

test('the table has a column for each tool', () => {
  expect(tools).toContain('buildx, BuildKit');
  expect(features.length).toBeGreaterThan(15);
  expect(features.map((cells) => cells.length - 1)).toEqual(features.map(() => tools.length));
});

test.each(tools.slice(1).map((name, i) => [name, i + 2] as const))(
  'each mark of %s has its row of evidence, with a source and a day, and no row is left over',
  (name, column) => {
    const found = evidence(name);
    const marks = features.flatMap((cells) => {
      const cell = cells[column] ?? '';
      const mark = /^\[([●◐c])\]\(docs\/comparison\.md#[a-z-]+\)$/.exec(cell)?.[1];
      if (mark === undefined) expect(cell).toBe('–');
      return mark === undefined ? [] : [`${cells[0] ?? ''}, ${mark}`];
    });
    expect([...found.keys()].filter((key) => key !== 'feature, mark')).toEqual(marks);
    for (const mark of marks)
      expect(found.get(mark)).toMatch(
        /\]\(https:\/\/[^)]+\)\)?, (?:opened \d{4}-\d\d-\d\d|read in August 2026)$/,
      );
  },
);

test('README has at most 150 lines', () => {
  expect(read('README.md').split('\n').length - 1).toBeLessThanOrEqual(150);
});
