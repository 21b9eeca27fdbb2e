import fc from 'fast-check';
import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { fitted, padded, textWidth, wrapped } from '../../src/report/text-width.ts';

test.each([
  ['abc', 3],
  ['世界', 4],
  ['e\u0301', 1],
  ['😀', 2],
  ['', 0],
  ['👨‍👩‍👧', 2],
  ['🇩🇪', 2],
  ['👍🏽', 2],
  ['❤️', 2],
  ['✅', 2],
  ['a​b', 2],
])('%s takes %i columns', (text, width) => {
  expect(textWidth(text)).toBe(width);
});

test('a character that is measured by itself joins with none', () => {
  for (let code = 0x20; code < 0x3000; code += 1)
    for (const other of ['a', '\u2194', '─', '\ufe0f']) {
      const text = String.fromCharCode(code) + other;
      expect([text, textWidth(text)]).toEqual([text, stringWidth(text)]);
    }
});

test('cuts and fills', () => {
  expect([
    fitted('abcdef', 4, '…'),
    fitted('abc', 3, '…'),
    fitted('世界世', 4, '…'),
    fitted('abc', 0, '…'),
  ]).toEqual(['abc…', 'abc', '世…', '']);
  expect([padded('ab', 4), padded('世', 3), padded('abc', 2)]).toEqual(['ab  ', '世 ', 'abc']);
});

test('breaks at spaces', () => {
  expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
});

test('nothing is wider than asked', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.integer({ min: 1, max: 60 }),
      (text, columns) => {
        expect(textWidth(fitted(text, columns, '…'))).toBeLessThanOrEqual(columns);
        for (const line of wrapped(text, columns))
          expect(textWidth(line)).toBeLessThanOrEqual(columns);
      },
    ),
  );
});
