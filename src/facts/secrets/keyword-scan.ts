/** A place, from the bytes' first, where a keyword stands. */
export interface KeywordHit<K extends Keyword> {
  readonly keyword: K;
  readonly at: number;
}

/** Keywords looked for in bytes, all at once. */
export interface KeywordScan<K extends Keyword> {
  /** Every place where one stands, about in order; of one that overlaps itself (`AAAA`) not each. */
  readonly find: (bytes: Uint8Array) => readonly KeywordHit<K>[];
}

export interface Keyword {
  /** ASCII, three characters at least. */
  readonly text: string;
  /** A look at what stands around it, where it is too common: found is the keyword only where this says so. */
  readonly glance?: (bytes: Uint8Array, at: number, length: number) => boolean;
}

/** A keyword as it is looked for by one of its pairs. */
interface Candidate<K extends Keyword> {
  readonly sought: Sought<K>;
  /** Where in the keyword the pair stands. */
  readonly offset: number;
}

interface Sought<K extends Keyword> {
  readonly keyword: K;
  readonly bytes: Uint8Array;
  /** Where it was found last. */
  last: number;
}

const PAIRS = 65_536;
const LETTERS = 'zqjxkvbywgpfmucdlhrsnioate';

/** How common a byte is in text and code, roughly. */
function commonness(byte: number): number {
  const letter = LETTERS.indexOf(String.fromCharCode(byte | 0x20)) + 1;
  if (byte >= 0x61 && byte <= 0x7a) return letter;
  return byte >= 0x41 && byte <= 0x5a ? letter / 4 : 6;
}

/** The pairs that text and code are full of, the most common first, counted over 4 GB of root filesystems. */
const COMMON_PAIRS =
  'onerinreteestiatstorenntthAAleiosede00alhecoanetmearnsriisngtaedropetritraliD$amnetoceecctacndurgellmaas0xnaom' +
  'ouilcaicpauneaodutfipoellosilaveACustyexulptssCArtvaueyphancols.emfoprmpdirsadapoccktsifop,CotplReniagimide.hi' +
  'noefbltu//rnbedascabrrsoiespcrofL$lumoe_kesue:quffooigaihoshs/umbaT$Corcrugiirdoosfa__eqltipmitts:clrmt_nu20St' +
  'ibryt$--epviavlsx0rgt.wixtsaowupia_sbu.cogf.EA11InuinfcuThauppSYgoeeATldcimsevubIA_cboe-dumbpipuwaPat-ayfefumm' +
  'tpizje';

const RANKS = new Map(
  Array.from({ length: COMMON_PAIRS.length / 2 }, (_, rank) => [
    COMMON_PAIRS.slice(rank * 2, rank * 2 + 2),
    rank,
  ]),
);

function cost(keyword: Uint8Array, at: number): number {
  const [a = 0, b = 0] = keyword.subarray(at, at + 2);
  const rank = RANKS.get(String.fromCharCode(a, b));
  return rank === undefined ? commonness(a) * commonness(b) : 10_000 - rank;
}

/** Of the pairs at every second place from `first`, where the least common one stands. */
function rarestPair(keyword: Uint8Array, first: number): number {
  let best = first;
  for (let at = first + 2; at + 1 < keyword.length; at += 2)
    if (cost(keyword, at) < cost(keyword, best)) best = at;
  return best;
}

/** True where the machine reads the first of two bytes as the lower one. */
const LOW_FIRST = new Uint16Array(Uint8Array.of(1, 0).buffer)[0] === 1;
/** Of a word of four bytes, how far the halves stand from its beginning. */
const LOW_HALF = LOW_FIRST ? 0 : 2;
const HIGH_HALF = 2 - LOW_HALF;

/** Two bytes as the machine itself reads them. */
function pairOf(bytes: Uint8Array, at: number): number {
  const [first, second] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
  return LOW_FIRST ? first | (second << 8) : (first << 8) | second;
}

/** Which keywords have a pair among theirs, and which bytes, by their last five bits, stand before and behind it there. */
class PairTable<K extends Keyword> {
  readonly isPair = new Uint8Array(PAIRS);
  readonly before = new Uint32Array(PAIRS);
  readonly behind = new Uint32Array(PAIRS);
  readonly candidates = new Map<number, Candidate<K>[]>();

  add(candidate: Candidate<K>): void {
    const { sought, offset } = candidate;
    const { bytes } = sought;
    const pair = pairOf(bytes, offset);
    this.isPair[pair] = 1;
    this.before[pair] = (this.before[pair] ?? 0) | bitOf(bytes[offset - 1]);
    this.behind[pair] = (this.behind[pair] ?? 0) | bitOf(bytes[offset + 2]);
    this.candidates.set(pair, [...(this.candidates.get(pair) ?? []), candidate]);
  }
}

/** Any byte may stand where a keyword has none. */
function bitOf(byte: number | undefined): number {
  return byte === undefined ? 0xffffffff : 1 << (byte & 31);
}

const NO_WORDS = new Uint32Array(0);

/**
 * Reads bytes in pairs. A keyword of three bytes or more has a pair of its own wherever it begins, at an even place or at
 * an odd one: a table tells the two rarest pairs of each, and only where one stands the keyword is compared.
 */
export function keywordScan<K extends Keyword>(keywords: readonly K[]): KeywordScan<K> {
  const table = new PairTable<K>();
  const all = keywords.map((keyword): Sought<K> => {
    const bytes = Uint8Array.from(Buffer.from(keyword.text, 'latin1'));
    if (bytes.length < 3) throw new Error('a keyword is shorter than three characters');
    return { keyword, bytes, last: -Infinity };
  });
  for (const sought of all)
    for (const offset of [rarestPair(sought.bytes, 0), rarestPair(sought.bytes, 1)])
      table.add({ sought, offset });
  return {
    find: (bytes) => {
      for (const sought of all) sought.last = -Infinity;
      return findIn(bytes, table);
    },
  };
}

function findIn<K extends Keyword>(
  bytes: Uint8Array,
  { isPair, before, behind, candidates }: PairTable<K>,
): readonly KeywordHit<K>[] {
  const found: KeywordHit<K>[] = [];
  // The bytes around a pair rule out nearly all.
  const check = (pair: number, at: number): void => {
    if ((((before[pair] ?? 0) >>> ((bytes[at - 1] ?? 0) & 31)) & 1) === 0) return;
    if ((((behind[pair] ?? 0) >>> ((bytes[at + 2] ?? 0) & 31)) & 1) === 0) return;
    for (const { sought, offset } of candidates.get(pair) ?? []) {
      const start = at - offset;
      if (start >= sought.last && start < sought.last + sought.bytes.length) continue;
      if (!isAt(bytes, start, sought.bytes)) continue;
      if (sought.keyword.glance?.(bytes, start, sought.bytes.length) === false) continue;
      sought.last = start;
      found.push({ keyword: sought.keyword, at: start });
    }
  };
  // Memory is read four bytes at a time, and two of those a step, which is twice as fast. What fills no step is read pair by pair.
  const start = Math.min(bytes.length, (4 - (bytes.byteOffset % 4)) % 4);
  const length = ((bytes.length - start) >> 3) * 2;
  const words =
    length === 0 ? NO_WORDS : new Uint32Array(bytes.buffer, bytes.byteOffset + start, length);
  const single = (from: number, to: number): void => {
    for (let at = from; at < to; at += 2) check(pairOf(bytes, at), at);
  };
  single(start % 2, start);
  for (let at = 0; at < length; at += 2) {
    const one = words[at] ?? 0;
    const two = words[at + 1] ?? 0;
    const a = one & 0xffff;
    const b = one >>> 16;
    const c = two & 0xffff;
    const d = two >>> 16;
    if (((isPair[a] ?? 0) | (isPair[b] ?? 0) | (isPair[c] ?? 0) | (isPair[d] ?? 0)) === 0) continue;
    const place = start + at * 4;
    if (isPair[a] !== 0) check(a, place + LOW_HALF);
    if (isPair[b] !== 0) check(b, place + HIGH_HALF);
    if (isPair[c] !== 0) check(c, place + 4 + LOW_HALF);
    if (isPair[d] !== 0) check(d, place + 4 + HIGH_HALF);
  }
  single(start + length * 4, bytes.length - 1);
  return found;
}

function isAt(bytes: Uint8Array, at: number, keyword: Uint8Array): boolean {
  if (at < 0 || at + keyword.length > bytes.length) return false;
  for (let index = 0; index < keyword.length; index += 1)
    if (bytes[at + index] !== keyword[index]) return false;
  return true;
}
