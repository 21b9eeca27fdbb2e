import { expect, test } from 'vitest';
import { countText, plural, sizeText } from '../../src/reporters/size-text.ts';

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
