import { expect, test } from 'vitest';
import {
  bytesText,
  countText,
  plural,
  quantity,
  secondsText,
  sizeText,
} from '../../src/lib/text.ts';
import { tableRows } from '../fakes/table.ts';

const TEXT_OF: Readonly<Record<string, (value: number) => string>> = {
  layers: (count) => quantity(count, 'layer'),
  size: sizeText,
  bytes: bytesText,
  seconds: secondsText,
};

test.each(tableRows('test/model/quantity.tsv'))('%s: %s reads %s', (kind, value, text) => {
  expect(TEXT_OF[kind]?.(Number(value))).toBe(text);
});

test('another plural', () => {
  expect([1, 2].map((count) => quantity(count, 'entry', 'entries'))).toEqual([
    '1 entry',
    '2 entries',
  ]);
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
