import { expect, test } from 'vitest';
import { lineChanges, oldLine } from '../../../src/reporters/fix/line-changes.ts';

test('the line of the old text that each of the new one is, or stands for', () => {
  const after = ['new', 'b', 'c', 'X', 'Y', 'Z', 'e', 'f'];
  const changes = lineChanges(['a', 'b', 'c', 'd', 'e', 'f'], after);
  expect(after.map((_, i) => oldLine(changes, i + 1))).toEqual([1, 2, 3, 4, 4, 4, 5, 6]);
});

test('what is added in front, or behind, stands for the line beside it', () => {
  expect([1, 2].map((line) => oldLine(lineChanges(['a'], ['new', 'a']), line))).toEqual([1, 1]);
  expect([1, 2].map((line) => oldLine(lineChanges(['a'], ['a', 'new']), line))).toEqual([1, 1]);
  expect(oldLine([], 7)).toBe(7);
});
