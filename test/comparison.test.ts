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

/** Tools and marks of the table below a heading: a row a feature, a column a tool after ours. */
function matrix(page: string, heading: string) {
  const section = read(page)
    .split(/^## /m)
    .find((part) => part.startsWith(`${heading}\n`));
  const [head = [], ...features] = rows(section ?? '').filter(([first]) => first !== '---');
  // The first cell of the head is empty; a link's anchor names the section of a tool.
  const tools = head.flatMap(
    (cell) => /\]\((?:docs\/comparison\.md)?#([a-z-]+)\)/.exec(cell)?.[1] ?? [],
  );
  return { tools, features };
}

const all = matrix('docs/comparison.md', 'All tools');
const shown = matrix('README.md', 'How it compares');
const NAMES = [...read('docs/comparison.md').matchAll(/^## (.+)$/gm)].map(([, name = '']) => name);
const nameOf = (anchor: string): string =>
  NAMES.find((name) => name.toLowerCase().replace(',', '').replaceAll(' ', '-') === anchor) ?? '';
const markOf = (cell = ''): string => {
  const mark = /^\[([●◐c])\]\((?:docs\/comparison\.md)?#[a-z-]+\)$/.exec(cell)?.[1];
  if (mark === undefined) expect(cell).toBe('–');
  return mark ?? '–';
};

test('the table has a column for each tool', () => {
  expect(all.tools.map(nameOf)).toEqual(NAMES.filter((name) => name !== 'All tools'));
  expect(all.features.length).toBeGreaterThan(15);
  expect(all.features.map((cells) => cells.length - 2)).toEqual(
    all.features.map(() => all.tools.length),
  );
});

test('README has four of them, with the same marks', () => {
  expect(shown.tools).toEqual(['buildx-buildkit', 'chalk', 'chps-scorer', 'tally']);
  const marks = ({ tools, features }: typeof all) =>
    features.map((cells) => [
      cells[0],
      ...shown.tools.map((tool) => markOf(cells[tools.indexOf(tool) + 2])),
    ]);
  expect(marks(shown)).toEqual(marks(all));
});

test.each(all.tools.map((tool, i) => [nameOf(tool), i + 2] as const))(
  'each mark of %s has its row of evidence, with a source and a day, and no row is left over',
  (name, column) => {
    const found = evidence(name);
    const marks = all.features.flatMap((cells) => {
      const mark = markOf(cells[column]);
      return mark === '–' ? [] : [`${cells[0] ?? ''}, ${mark}`];
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
