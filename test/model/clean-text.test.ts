import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText, oneLine } from '../../src/lib/text.ts';

test('one line is left', () => {
  expect(oneLine(' a\r\nb\u001b]0;x\u0007\u202ec\ud800 ')).toBe('a b ]0;x c\ufffd');
  expect(oneLine('Grüße 😀')).toBe('Grüße 😀');
});

test('nothing that a terminal obeys is left of anything', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(oneLine(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    }),
  );
});

test('lines stay apart, tabs stay, and whole escape sequences go', () => {
  expect(cleanText('\u001b[31mred\u001b[0m\u0007\ta\nb\r')).toBe('red\ta\nb');
  expect(cleanText('a\u001b]0;title\u0007b\u202ec\n\u001b]0;open\nd')).toBe('abc\n]0;open\nd');
});
