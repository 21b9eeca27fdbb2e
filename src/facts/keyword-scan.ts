/** Keywords looked for in bytes, all at once. */
export interface KeywordScan {
  /** Indexes of the keywords that the bytes hold, ascending. */
  readonly find: (bytes: Uint8Array) => readonly number[];
}

const PAIRS = 65_536;

/**
 * Wu and Manber's search with blocks of two bytes: a table says how far the next keyword can be at the soonest, so most
 * bytes are never looked at. Each keyword is reported once. Keywords are ASCII, at least three characters.
 */
export function keywordScan(keywords: readonly string[]): KeywordScan {
  const bytes = keywords.map((keyword) => Buffer.from(keyword, 'latin1'));
  const shortest = Math.min(...keywords.map((keyword) => keyword.length));
  if (shortest < 3) throw new Error('a keyword is shorter than three characters');
  const shift = new Uint8Array(PAIRS).fill(shortest - 1);
  const starts = new Map<number, number[]>();
  bytes.forEach((keyword, index) => {
    for (let end = 1; end < shortest; end += 1) {
      const pair = ((keyword[end - 1] ?? 0) << 8) | (keyword[end] ?? 0);
      const distance = shortest - 1 - end;
      shift[pair] = Math.min(shift[pair] ?? 0, distance);
      if (distance === 0) starts.set(pair, [...(starts.get(pair) ?? []), index]);
    }
  });
  const find = (text: Uint8Array): readonly number[] => {
    const found = new Set<number>();
    let at = shortest - 1;
    while (at < text.length) {
      const pair = ((text[at - 1] ?? 0) << 8) | (text[at] ?? 0);
      const skip = shift[pair] ?? 0;
      if (skip > 0) {
        at += skip;
        continue;
      }
      for (const index of starts.get(pair) ?? [])
        if (!found.has(index) && isAt(text, at - shortest + 1, bytes[index])) found.add(index);
      at += 1;
    }
    return [...found].sort((a, b) => a - b);
  };
  return { find };
}

function isAt(text: Uint8Array, at: number, keyword: Uint8Array | undefined): boolean {
  if (keyword === undefined || at + keyword.length > text.length) return false;
  for (let index = 0; index < keyword.length; index += 1)
    if (text[at + index] !== keyword[index]) return false;
  return true;
}
