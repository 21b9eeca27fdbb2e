import { expect, test } from 'vitest';
import {
  bytesText,
  countText,
  plural,
  quantity,
  secondsText,
  sizeText,
} from '../../src/lib/text.ts';

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

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [160_240_000, '160.2 MB'],
  [1.5e9, '1.5 GB'],
  [9.9e15, '9900.0 TB'],
  [-5, '0 B'],
])('%d bytes read %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test('counts are grouped, and agree with their noun', () => {
  expect([countText(999), countText(12_345), countText(1_234_567)]).toEqual([
    '999',
    '12,345',
    '1,234,567',
  ]);
  expect([plural(1, 'layer'), plural(0, 'layer'), plural(2, 'piece', 'pieces')]).toEqual([
    '1 layer',
    '0 layers',
    '2 pieces',
  ]);
});

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [1536, '1.54 kB'],
  [999_000, '999 kB'],
  [999_999, '1.00 MB'],
  [78_100_000_000, '78.1 GB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [0, '0.0s'],
  [0.04, '0.0s'],
  [1.25, '1.3s'],
  [61, '61.0s'],
])('%d seconds are %s', (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});
