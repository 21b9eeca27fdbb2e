import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keywordScan } from '../../../src/facts/secrets/keyword-scan.ts';

test('finds what indexOf finds', () => {
  const alphabet = fc.constantFrom('a', 'b', 'c');
  const keyword = fc.string({ minLength: 3, maxLength: 6, unit: alphabet });
  const text = fc.string({ maxLength: 60, unit: alphabet });
  fc.assert(
    fc.property(fc.array(keyword, { minLength: 1, maxLength: 6 }), text, (keywords, hay) => {
      const expected = keywords.flatMap((word, index) => (hay.includes(word) ? [index] : []));
      expect(keywordScan(keywords.map((text) => ({ text }))).find(Buffer.from(hay))).toEqual(
        expected,
      );
    }),
    { numRuns: 500 },
  );
});

test('refuses keywords that are too short for its blocks', () => {
  expect(() => keywordScan([{ text: 'ab' }])).toThrow('shorter than three');
});

test('wherever in memory the bytes begin and end', () => {
  const scan = keywordScan(['abc', 'abcdefgh', 'PRIVATE KEY', '://'].map((text) => ({ text })));
  const word = fc.constantFrom('abc', 'abcdefgh', 'PRIVATE KEY', '://', 'ab', 'x', 'PRIVATE', '//');
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), fc.nat(9), fc.nat(9), (words, from, cut) => {
      const text = words.join('');
      const memory = Buffer.from(`${'z'.repeat(from)}${text}`);
      const bytes = new Uint8Array(memory.buffer, memory.byteOffset + from, text.length);
      const part = bytes.subarray(0, Math.max(0, bytes.length - cut));
      const hay = Buffer.from(part).toString();
      const expected = ['abc', 'abcdefgh', 'PRIVATE KEY', '://'].flatMap((keyword, index) =>
        hay.includes(keyword) ? [index] : [],
      );
      expect(scan.find(part)).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('a keyword that is common counts where a glance says so', () => {
  const scan = keywordScan([{ text: 'abc', glance: (bytes, at) => bytes[at + 3] === 0x21 }]);
  expect(scan.find(Buffer.from('abc abc? abc'))).toEqual([]);
  expect(scan.find(Buffer.from('abc abc? abc! abc'))).toEqual([0]);
});
