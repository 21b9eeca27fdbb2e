import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanText } from '../../src/plans/clean-text.ts';

test('one line is left', () => {
  expect(cleanText(' a\r\nb\u001b]0;x\u0007\u202ec\ud800 ')).toBe('a b ]0;x c\ufffd');
  expect(cleanText('Grüße 😀')).toBe('Grüße 😀');
});

test('nothing that a terminal obeys is left of anything', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(cleanText(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
    }),
  );
});
