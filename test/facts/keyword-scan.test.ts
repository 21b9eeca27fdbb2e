import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeywordScan } from '../../src/facts/secrets/kernel/byte-scan.ts';

/** Keywords count in six bytes of text or more. */
const AROUND = '      ';

function found(keywords: readonly string[], bytes: Uint8Array): readonly string[] {
  const { hits } = new KeywordScan(keywords.map((text) => ({ text }))).find(bytes);
  return hits.map(({ keyword, at }) => `${keyword.text} ${at}`).sort();
}

/** Every place of every keyword, overlapping ones too. */
function expected(keywords: readonly string[], hay: string): readonly string[] {
  return keywords
    .flatMap((word) =>
      Array.from(hay, (_, at) => (hay.startsWith(word, at) ? [`${word} ${at}`] : [])).flat(),
    )
    .sort();
}

test('finds every place that indexOf finds', () => {
  const letters = fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e', 'f'], { minLength: 3 });
  const keyword = letters.map((all) => all.join(''));
  const text = fc.string({ maxLength: 60, unit: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f') });
  const keywords = fc.uniqueArray(keyword, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(keywords, text, fc.nat(20), (words, hay, at) => {
      const amid = AROUND + hay.slice(0, at) + (words[0] ?? '') + hay.slice(at);
      expect(found(words, Buffer.from(amid))).toEqual(expected(words, amid));
    }),
    { numRuns: 500 },
  );
});

test('wherever in memory the bytes begin and end', () => {
  const keywords = ['abc', 'abcdefgh', 'PRIVATE KEY', '://'];
  const word = fc.constantFrom('abc', 'abcdefgh', 'PRIVATE KEY', '://', 'ab', 'x', 'PRIVATE', '//');
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), fc.nat(9), fc.nat(9), (words, from, cut) => {
      const text = AROUND + words.join('');
      const memory = Buffer.from(`${'z'.repeat(from)}${text}`);
      const bytes = new Uint8Array(memory.buffer, memory.byteOffset + from, text.length);
      const part = bytes.subarray(0, Math.max(0, bytes.length - cut));
      expect(found(keywords, part)).toEqual(expected(keywords, Buffer.from(part).toString()));
    }),
    { numRuns: 500 },
  );
});

test('what it finds is not bounded by the memory for it', () => {
  const { hits } = new KeywordScan([{ text: 'abc' }, { text: 'bca' }]).find(
    Buffer.from('abc'.repeat(150_000)),
  );
  const places = (word: string): readonly number[] =>
    hits.flatMap(({ keyword, at }) => (keyword.text === word ? [at] : []));
  expect(places('abc')).toEqual(Array.from({ length: 150_000 }, (_, index) => index * 3));
  expect(places('bca')).toEqual(Array.from({ length: 149_999 }, (_, index) => index * 3 + 1));
});
