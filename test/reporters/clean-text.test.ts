import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText } from '../../src/reporters/clean-text.ts';

test.each([
  ['plain', 'plain'],
  ['a\nb\tc', 'a b c'],
  ['\u001b[31mred', '\ufffd[31mred'],
  ['a\u202eb', 'a\ufffdb'],
  ['\ud800x', '\ufffdx'],
  ['x\udc00', 'x\ufffd'],
  ['😀 ok', '😀 ok'],
])('%j becomes %j', (text, clean) => {
  expect(cleanText(text)).toBe(clean);
});

test('whatever comes in, no control character comes out', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(cleanText(text, '?')).not.toMatch(
        /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
      );
    }),
  );
});
