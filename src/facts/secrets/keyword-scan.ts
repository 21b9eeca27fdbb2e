import { ByteScan, type Findings, FIRST_KEYWORD } from './kernel/byte-scan.ts';

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
  /** Every place where a keyword stands amid six bytes of text or more, about in order; of one that overlaps itself (`AAAA`) not each. */
  readonly hits: readonly KeywordHit<K>[];
  /** Where other spellings of text stand, among the rest (`secret-views.ts`). */
  readonly findings: Findings;
}

export interface Keyword {
  /** ASCII, three characters at least. */
  readonly text: string;
  /** A look at what stands around it, where it is too common: found is the keyword only where this says so. */
  readonly glance?: (bytes: Uint8Array, at: number, length: number) => boolean;
}

/** Looks for keywords of three bytes or more. Throws on a shorter one. */
export function keywordScan<K extends Keyword>(keywords: readonly K[]): KeywordScan<K> {
  const scan = new ByteScan(keywords.map(({ text }) => Buffer.from(text, 'latin1')));
  return {
    find: (bytes) => {
      const findings = scan.scan(bytes);
      return { hits: findings.length === 0 ? [] : hitsOf(keywords, bytes, findings), findings };
    },
  };
}

function hitsOf<K extends Keyword>(
  keywords: readonly K[],
  bytes: Uint8Array,
  findings: Findings,
): readonly KeywordHit<K>[] {
  const hits: KeywordHit<K>[] = [];
  /** By keyword, the last place that counts. */
  const last: number[] = [];
  for (let pair = 0; pair < findings.length; pair += 2) {
    const index = (findings[pair] ?? 0) - FIRST_KEYWORD;
    const at = findings[pair + 1] ?? 0;
    const keyword = keywords[index];
    if (keyword === undefined) continue;
    const { length } = keyword.text;
    const before = last[index] ?? -length;
    if (at >= before && at < before + length) continue;
    if (keyword.glance?.(bytes, at, length) === false) continue;
    last[index] = at;
    hits.push({ keyword, at });
  }
  return hits;
}
