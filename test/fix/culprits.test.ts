import { describe, expect, test } from 'vitest';
import { firstCulprit, unitsOf } from '../../src/fix/verify.ts';
import type { PlannedEdit } from '../../src/model/fix.ts';

describe('firstCulprit', () => {
  test.each([
    [1, 0],
    [2, 0],
    [2, 1],
    [7, 0],
    [7, 3],
    [7, 6],
    [8, 5],
  ])('of %i, number %i breaks it', async (count, bad) => {
    const tried: number[] = [];
    const found = await firstCulprit(count, 'with all', (first) => {
      tried.push(first);
      return Promise.resolve(first > bad ? `with ${first}` : undefined);
    });
    expect(found.index).toBe(bad);
    expect(found.failure).toBe(bad === count - 1 ? 'with all' : `with ${bad + 1}`);
    expect(tried.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
  });
});

test('edits that change nothing that runs are tried as one', () => {
  const edit = (id: string, risk: string) => ({ id, risk }) as PlannedEdit;
  const edits = [edit('a', 'none'), edit('b', 'low'), edit('c', 'none'), edit('d', 'medium')];
  const ids = unitsOf(edits).map((unit) => unit.map(({ id }) => id).join(''));
  expect(ids).toEqual(['ac', 'b', 'd']);
  expect(unitsOf([])).toEqual([]);
});
