import { expect, test } from 'vitest';
import { moved, windowOf } from '../../src/ui/questions.tsx';

test.each([
  [3, 0, 5, 0, 3],
  [10, 0, 4, 0, 4],
  [10, 5, 4, 3, 7],
  [10, 9, 4, 6, 10],
  [10, 9, 0, 9, 10],
  [0, 0, 4, 0, 0],
])('of %i rows with number %i chosen, %i show %i to %i', (count, selected, height, from, to) => {
  expect(windowOf(count, selected, height)).toEqual({ from, to });
});

test('a place stays inside its list', () => {
  expect([moved(0, -1, 3), moved(1, 1, 3), moved(1, 10, 3), moved(0, 1, 0)]).toEqual([0, 2, 2, 0]);
});
