import { expect, test } from 'vitest';
import { didYouMean } from '../../src/lib/text.ts';

test.each([
  ['min-level', 'minLevel'],
  ['MINLEVEL', 'minLevel'],
  ['minLevle', 'minLevel'],
  ['scaner', 'scanner'],
  ['elephant', undefined],
  ['x', undefined],
  ['a'.repeat(100_000), undefined],
])('%s', (word, meant) => {
  expect(didYouMean(word, ['minLevel', 'scanner', 'pin'])).toBe(meant);
});
