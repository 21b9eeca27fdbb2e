import { expect, test } from 'vitest';
import { quantity } from '../../src/model/quantity.ts';

test.each([
  [0, '0 layers'],
  [1, '1 layer'],
  [1905, '1905 layers'],
])('%d', (count, text) => {
  expect(quantity(count, 'layer')).toBe(text);
});

test('another plural', () => {
  expect([1, 2].map((count) => quantity(count, 'entry', 'entries'))).toEqual([
    '1 entry',
    '2 entries',
  ]);
});
