import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownText, shortened } from '../../src/report/text.ts';

test.each([
  ['plain', 'plain'],
  ['a\nb\tc', 'a b c'],
  ['\u001b[31mred', '\ufffd[31mred'],
  ['a\u202eb', 'a\ufffdb'],
  ['\ud800x', '\ufffdx'],
  ['x\udc00', 'x\ufffd'],
  ['😀 ok', '😀 ok'],
  ['✔\ufe0f', '✔\ufe0f'],
  ['a\u3164b\u115fc', 'a\ufffdb\ufffdc'],
  ['a\u{e0041}\u{e0101}', 'a\ufffd\ufffd'],
  ['a\ufffe\u{1ffff}', 'a\ufffd\ufffd'],
  ['a\u2028b', 'a b'],
  ['e\u0301\u0301\u0301\u0301\u0301\u0301x', 'e\u0301\u0301\u0301\u0301x'],
])('%j becomes %j', (text, clean) => {
  expect(shownText(text)).toBe(clean);
});

test('whatever comes in, no control character comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(shownText(text, '?')).not.toMatch(
        /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
      );
    }),
  );
});

test.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['ab😀', 3, 'ab…'],
  ['a b', 3, 'a b'],
  ['a' + ' '.repeat(100) + 'b', 5, 'a …'],
  ['x'.repeat(1_000_000), 2, 'x…'],
])('%j within %i', (text, longest, short) => {
  expect(shortened(text, longest)).toBe(short);
});
