/** Keywords looked for in bytes, all at once. */
export interface KeywordScan {
  /** Indexes of the keywords that the bytes hold, ascending. */
  readonly find: (bytes: Uint8Array) => readonly number[];
}

interface Candidate {
  readonly index: number;
  readonly keyword: Uint8Array;
  /** Where in the keyword the pair stands. */
  readonly offset: number;
}

const PAIRS = 65_536;
const LETTERS = 'zqjxkvbywgpfmucdlhrsnioate';

/** How common a byte is in text and code, roughly. */
function commonness(byte: number): number {
  const letter = LETTERS.indexOf(String.fromCharCode(byte | 0x20)) + 1;
  if (byte >= 0x61 && byte <= 0x7a) return letter;
  return byte >= 0x41 && byte <= 0x5a ? letter / 4 : 6;
}

/** Of the pairs at every second place from `first`, where the least common one stands. */
function rarestPair(keyword: Uint8Array, first: number): number {
  const cost = (at: number): number =>
    commonness(keyword[at] ?? 0) * commonness(keyword[at + 1] ?? 0);
  let best = first;
  for (let at = first + 2; at + 1 < keyword.length; at += 2) if (cost(at) < cost(best)) best = at;
  return best;
}

/** Two bytes as the machine itself reads them, whichever it takes first. */
function pairOf(bytes: Uint8Array, at: number): number {
  return new Uint16Array(Uint8Array.of(bytes[at] ?? 0, bytes[at + 1] ?? 0).buffer)[0] ?? 0;
}

/** Of a word of four bytes, how far the halves stand from its beginning. */
const LOW_HALF = pairOf(Uint8Array.of(1, 0), 0) === 1 ? 0 : 2;
const HIGH_HALF = 2 - LOW_HALF;

/**
 * Reads bytes in pairs. A keyword of three bytes or more has a pair of its own wherever it begins, at an even place or at
 * an odd one: a table tells the two rarest pairs of each, and only where one stands the keyword is compared. Each keyword
 * is reported once.
 */
export function keywordScan(keywords: readonly string[]): KeywordScan {
  const candidates: (readonly Candidate[] | undefined)[] = new Array<undefined>(PAIRS).fill(
    undefined,
  );
  const isPair = new Uint8Array(PAIRS);
  keywords.forEach((text, index) => {
    const keyword = Uint8Array.from(Buffer.from(text, 'latin1'));
    if (keyword.length < 3) throw new Error('a keyword is shorter than three characters');
    for (const offset of [rarestPair(keyword, 0), rarestPair(keyword, 1)]) {
      const pair = pairOf(keyword, offset);
      isPair[pair] = 1;
      candidates[pair] = [...(candidates[pair] ?? []), { index, keyword, offset }];
    }
  });
  const find = (bytes: Uint8Array): readonly number[] => {
    const found = new Set<number>();
    const check = (pair: number, at: number): void => {
      for (const { index, keyword, offset } of candidates[pair] ?? [])
        if (!found.has(index) && isAt(bytes, at - offset, keyword)) found.add(index);
    };
    // Two pairs a step: memory is read four bytes at a time. What does not fill a word is read byte by byte.
    const before = Math.min(bytes.length, (4 - (bytes.byteOffset % 4)) % 4);
    const length = (bytes.length - before) >> 2;
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + before, length);
    for (let at = 0; at < length; at += 1) {
      const word = words[at] ?? 0;
      if ((isPair[word & 0xffff] ?? 0) !== 0) check(word & 0xffff, before + at * 4 + LOW_HALF);
      if ((isPair[word >>> 16] ?? 0) !== 0) check(word >>> 16, before + at * 4 + HIGH_HALF);
    }
    for (let at = 0; at + 1 < before; at += 1) check(pairOf(bytes, at), at);
    for (let at = before + length * 4; at + 1 < bytes.length; at += 1) check(pairOf(bytes, at), at);
    return [...found].sort((a, b) => a - b);
  };
  return { find };
}

function isAt(bytes: Uint8Array, at: number, keyword: Uint8Array): boolean {
  if (at < 0 || at + keyword.length > bytes.length) return false;
  for (let index = 0; index < keyword.length; index += 1)
    if (bytes[at + index] !== keyword[index]) return false;
  return true;
}
