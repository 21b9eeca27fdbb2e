import { isWords } from './secret-value.ts';

/**
 * How data is spelled, the smallest alphabet first. Random data in each contains every short text
 * of its letters sooner or later.
 */
const SPELLINGS: readonly (readonly [letters: RegExp, bits: number])[] = [
  [/^[0-9a-f]*$/, 4],
  [/^[0-9A-F]*$/, 4],
  [/^[0-9A-Z]*$/, 5],
  [/^[0-9a-z]*$/, 5],
  [/^[\w+/=-]*$/, 6],
];
/** Bits that a token's beginning needs within other data: chance gives it once in 16 GB. */
const WITHIN_DATA = 34;
/** ... and where it stands alone, as a number in hexadecimal may. */
const ALONE = 14;
const ALONE_IN_HEX = 24;
const AROUND = 80;
const LEAST = 8;

/** Bits that a keyword is worth among letters as in `text`; infinite where it has other letters. */
function worth(keyword: string, text: string): { readonly bits: number; readonly isHex: boolean } {
  const [letters, bits = Infinity] = SPELLINGS.find(([one]) => one.test(text)) ?? [];
  if (letters?.test(keyword) !== true) return { bits: Infinity, isHex: false };
  return { bits: bits * keyword.length, isHex: bits === 4 };
}

/** True where letters look like a piece of encoded data, short as it is, and not like words. */
function isData(text: string): boolean {
  if (text.length < LEAST) return false;
  const digits = text.replace(/[^0-9]/g, '').length;
  const changes = text.match(/[0-9][A-Za-z]|[A-Za-z][0-9]|[a-z][A-Z]|[A-Z][a-z]/g)?.length ?? 0;
  const least = Math.max(2, text.length * 0.06);
  return digits < text.length * 0.8 && changes >= least && !isWords(text);
}

/** True where a token fills a line among lines of data that are as long. */
function isLineOfData(before: string, token: string, after: string, keyword: string): boolean {
  return [
    /(?<![^\r\n])([^\r\n]*)\r?\n$/.exec(before)?.[1],
    /^\r?\n([^\r\n]*)/.exec(after)?.[1],
  ].some((line) => line?.length === token.length && !line.startsWith(keyword) && isData(line));
}

/**
 * True where a token that begins with `keyword` can be a piece of other data: what is around it,
 * without a boundary, is data in the same letters, and the keyword is short enough to come up
 * there. In a text (`isText`) signs divide words, and only a long run is data.
 */
export function isByChance(
  text: string,
  { at, end, keyword, isText }: { at: number; end: number; keyword: string; isText: boolean },
): boolean {
  if (keyword.length * 6 >= WITHIN_DATA && !/^[0-9a-f]*$|^[0-9A-Z]*$/.test(keyword)) return false;
  const token = text.slice(at, end);
  const [left, right] = [text.slice(Math.max(0, at - AROUND), at), text.slice(end, end + AROUND)];
  let before = /(?<![\w+/-])[\w+/-]*$/.exec(left)?.[0] ?? '';
  let after = /^[\w+/-]*/.exec(right)?.[0] ?? '';
  if (before !== '' || after !== '') {
    // Encoded data are broken into lines.
    if (!isText)
      before = (/(?<![\w+/\r\n-])[\w+/\r\n-]*$/.exec(left)?.[0] ?? '').replace(/\s/g, '');
    if (!isText) after = (/^[\w+/\r\n-]*/.exec(right)?.[0] ?? '').replace(/\s/g, '');
  }
  const data = isText
    ? [before + after].filter((run) => run.length >= AROUND && isData(run))
    : [before, after].filter(isData);
  const isWithin = data.length > 0;
  const { bits, isHex } = worth(keyword, isWithin ? data.join('') : token);
  if (bits < WITHIN_DATA && isLineOfData(left, token, right, keyword)) return true;
  return bits < (isWithin ? WITHIN_DATA : isHex ? ALONE_IN_HEX : ALONE);
}
