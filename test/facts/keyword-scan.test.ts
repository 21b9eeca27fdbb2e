import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keywordScan } from '../../src/facts/keyword-scan.ts';

test('finds what indexOf finds', () => {
  const alphabet = fc.constantFrom('a', 'b', 'c');
  const keyword = fc.string({ minLength: 3, maxLength: 6, unit: alphabet });
  const text = fc.string({ maxLength: 60, unit: alphabet });
  fc.assert(
    fc.property(fc.array(keyword, { minLength: 1, maxLength: 6 }), text, (keywords, hay) => {
      const expected = keywords.flatMap((word, index) => (hay.includes(word) ? [index] : []));
      expect(keywordScan(keywords).find(Buffer.from(hay))).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test('refuses keywords that are too short for its blocks', () => {
  expect(() => keywordScan(['ab'])).toThrow('shorter than three');
});
