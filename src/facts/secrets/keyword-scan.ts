import { BASE64_RUN, ByteScan, type Findings, FIRST_KEYWORD } from './kernel/byte-scan.ts';

/** A place, from the bytes' first, where a keyword stands. */
export interface KeywordHit<K extends Keyword> {
  readonly keyword: K;
  readonly at: number;
}

/** Keywords looked for in bytes, all at once. */
export interface KeywordScan<K extends Keyword> {
  readonly find: (bytes: Uint8Array) => FoundInBytes<K>;
}

export interface FoundInBytes<K extends Keyword> {
  /**
   * Every place where a keyword is within six bytes of text or more, roughly in order. Of a keyword
   * that overlaps itself (`AAAA`), not each place.
   */
  readonly hits: readonly KeywordHit<K>[];
  /** All there is, and of that what shows UTF-16, and of base64 (`secret-views.ts`). */
  readonly findings: Findings;
  readonly wide: readonly number[];
  readonly encoded: readonly number[];
}

/** Before any place, by more than a keyword is long. */
const NOWHERE = -(2 ** 30);

export interface Keyword {
  /** ASCII, three characters at least. */
  readonly text: string;
  /** Checks what is around a keyword that is too common; it counts only where this is true. */
  readonly glance?: (bytes: Uint8Array, at: number, length: number) => boolean;
}

/** Looks for keywords of three bytes or more. Throws on a shorter one. */
export function keywordScan<K extends Keyword>(keywords: readonly K[]): KeywordScan<K> {
  const scan = new ByteScan(keywords.map(({ text }) => Buffer.from(text, 'latin1')));
  const last = new Int32Array(keywords.length);
  return { find: (bytes) => foundIn(keywords, bytes, scan.scan(bytes), last) };
}

/** `last`: memory for the last place of each keyword that counts. */
function foundIn<K extends Keyword>(
  keywords: readonly K[],
  bytes: Uint8Array,
  findings: Findings,
  last: Int32Array,
): FoundInBytes<K> {
  const hits: KeywordHit<K>[] = [];
  const wide: number[] = [];
  const encoded: number[] = [];
  if (findings.length > 0) last.fill(NOWHERE);
  for (let pair = 0; pair < findings.length; pair += 2) {
    const what = findings[pair] ?? 0;
    const at = findings[pair + 1] ?? 0;
    const keyword = what < FIRST_KEYWORD ? undefined : keywords[what - FIRST_KEYWORD];
    if (keyword === undefined) {
      (what <= BASE64_RUN ? encoded : wide).push(what, at);
      continue;
    }
    const { length } = keyword.text;
    const before = last[what - FIRST_KEYWORD] ?? NOWHERE;
    if (at >= before && at < before + length) continue;
    if (keyword.glance?.(bytes, at, length) === false) continue;
    last[what - FIRST_KEYWORD] = at;
    hits.push({ keyword, at });
  }
  return { hits, findings, wide, encoded };
}
