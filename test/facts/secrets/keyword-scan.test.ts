import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keywordScan } from '../../../src/facts/secrets/keyword-scan.ts';

function found(keywords: readonly string[], bytes: Uint8Array): readonly string[] {
  const hits = keywordScan(keywords.map((text) => ({ text }))).find(bytes);
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
      const amid = hay.slice(0, at) + (words[0] ?? '') + hay.slice(at);
      expect(found(words, Buffer.from(amid))).toEqual(expected(words, amid));
    }),
    { numRuns: 500 },
  );
});

test('of a keyword that overlaps itself the first place, and none that is not one', () => {
  const text = fc.string({ maxLength: 60, unit: fc.constantFrom('a', 'b') });
  fc.assert(
    fc.property(text, (hay) => {
      const places = found(['aaaa'], Buffer.from(hay));
      const all = expected(['aaaa'], hay);
      expect(all).toEqual(expect.arrayContaining([...places]));
      for (const run of hay.matchAll(/a{4,}/g)) expect(places).toContain(`aaaa ${run.index}`);
    }),
    { numRuns: 500 },
  );
});

test('refuses keywords that are too short for its blocks', () => {
  expect(() => keywordScan([{ text: 'ab' }])).toThrow('shorter than three');
});

test('wherever in memory the bytes begin and end', () => {
  const keywords = ['abc', 'abcdefgh', 'PRIVATE KEY', '://'];
  const word = fc.constantFrom('abc', 'abcdefgh', 'PRIVATE KEY', '://', 'ab', 'x', 'PRIVATE', '//');
  fc.assert(
    fc.property(fc.array(word, { maxLength: 12 }), fc.nat(9), fc.nat(9), (words, from, cut) => {
      const text = words.join('');
      const memory = Buffer.from(`${'z'.repeat(from)}${text}`);
      const bytes = new Uint8Array(memory.buffer, memory.byteOffset + from, text.length);
      const part = bytes.subarray(0, Math.max(0, bytes.length - cut));
      expect(found(keywords, part)).toEqual(expected(keywords, Buffer.from(part).toString()));
    }),
    { numRuns: 500 },
  );
});

test('a keyword that is common counts where a glance says so', () => {
  const scan = keywordScan([{ text: 'abc', glance: (bytes, at) => bytes[at + 3] === 0x21 }]);
  expect(scan.find(Buffer.from('abc abc? abc'))).toEqual([]);
  const hits = scan.find(Buffer.from('abc abc? abc! abc'));
  expect(hits.map(({ at }) => at)).toEqual([9]);
});
