import { BYTE_SCAN_WASM } from './byte-scan-wasm.ts';

/** Of each byte of a pair seven bits distinguish it: what is not ASCII is compared in vain. */
const PAIR_BITS = 7;
const PAIRS = 2 ** (2 * PAIR_BITS);
const SLOT_OF = PAIRS;
const SLOTS = SLOT_OF + PAIRS * 2;
const SLOT_BYTES = 16;
const CANDIDATE_BYTES = 16;
const KEYWORD_BYTES = 12;

interface Candidate {
  readonly keyword: number;
  readonly bytes: Uint8Array;
  readonly offset: number;
}

function pairOf(bytes: Uint8Array, at: number): number {
  const bits = 2 ** PAIR_BITS - 1;
  return ((bytes[at] ?? 0) & bits) | (((bytes[at + 1] ?? 0) & bits) << PAIR_BITS);
}

/** By pair, the keywords found by it: each has one pair at an even place, one at an odd place. */
function candidatesByPair(keywords: readonly Uint8Array[]): ReadonlyMap<number, Candidate[]> {
  const byPair = new Map<number, Candidate[]>();
  keywords.forEach((bytes, keyword) => {
    for (const offset of [rarestPair(bytes, 0), rarestPair(bytes, 1)]) {
      const pair = pairOf(bytes, offset);
      const own = byPair.get(pair);
      if (own === undefined) byPair.set(pair, [{ keyword, bytes, offset }]);
      else own.push({ keyword, bytes, offset });
    }
  });
  return byPair;
}

/** By last five bits, which bytes are `distance` from the pair; all if a keyword has none there. */
function neighbors(candidates: readonly Candidate[], distance: -1 | 2): number {
  return candidates.reduce((bits, { bytes, offset }) => {
    const byte = bytes[offset + distance];
    return byte === undefined ? -1 : bits | (1 << (byte & 31));
  }, 0);
}

/** The same by their last three bits. */
function lastThreeBits(bits: number): number {
  const half = bits | (bits >>> 16);
  return (half | (half >>> 8)) & 0xff;
}

/** What byte-scan.wat reads from byte 0 of its memory on. Throws for keywords under three bytes. */
function keywordTables(keywords: readonly Uint8Array[]): Uint8Array {
  if (keywords.some(({ length }) => length < 3))
    throw new Error('a keyword is shorter than three characters');
  const byPair = candidatesByPair(keywords);
  const candidates = SLOTS + byPair.size * SLOT_BYTES;
  const entries = candidates + keywords.length * 2 * CANDIDATE_BYTES;
  const texts = entries + keywords.length * KEYWORD_BYTES;
  const bytes = new Uint8Array(texts + keywords.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  const write = (at: number, numbers: readonly number[]): void => {
    numbers.forEach((number, index) => {
      view.setInt32(at + index * 4, number, true);
    });
  };
  let text = texts;
  keywords.forEach((keyword, index) => {
    bytes.set(keyword, text);
    write(entries + index * KEYWORD_BYTES, [index, text, keyword.length]);
    text += keyword.length;
  });
  let slot = SLOTS;
  let candidate = candidates;
  for (const [pair, own] of byPair) {
    const behind = neighbors(own, 2);
    bytes[pair] = lastThreeBits(behind);
    view.setUint16(SLOT_OF + pair * 2, (slot - SLOTS) / SLOT_BYTES, true);
    const end = candidate + own.length * CANDIDATE_BYTES;
    write(slot, [neighbors(own, -1), behind, candidate, end]);
    slot += SLOT_BYTES;
    for (const { keyword, bytes: word, offset } of own) {
      // Four bytes that contain the pair, and the byte before it where there is one.
      const window = Math.max(0, Math.min(offset - 1, word.length - 4));
      const [a = 0, b = 0, c = 0, d = 0] = word.subarray(window, window + 4);
      write(candidate, [a | (b << 8) | (c << 16) | (d << 24), word.length < 4 ? 0xffffff : -1]);
      view.setInt16(candidate + 8, window - offset, true);
      view.setUint16(candidate + 10, offset, true);
      view.setUint32(candidate + 12, entries + keyword * KEYWORD_BYTES, true);
      candidate += CANDIDATE_BYTES;
    }
  }
  return bytes;
}

const LETTERS = 'zqjxkvbywgpfmucdlhrsnioate';

const COMMONNESS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = LETTERS.indexOf(String.fromCharCode(byte | 0x20)) + 1;
  if (byte >= 0x61 && byte <= 0x7a) return letter;
  return byte >= 0x41 && byte <= 0x5a ? Math.ceil(letter / 4) : 6;
});

/** The most common pairs in text and code, in order, counted over 4 GB of root filesystems. */
const COMMON_PAIRS =
  'onerinreteestiatstorenntthAAleiosede00alhecoanetmearnsriisngtaedropetritraliD$amnetoceecctacndurgellmaas0xnaom' +
  'ouilcaicpauneaodutfipoellosilaveACustyexulptssCArtvaueyphancols.emfoprmpdirsadapoccktsifop,CotplReniagimide.hi' +
  'noefbltu//rnbedascabrrsoiespcrofL$lumoe_kesue:quffooigaihoshs/umbaT$Corcrugiirdoosfa__eqltipmitts:clrmt_nu20St' +
  'ibryt$--epviavlsx0rgt.wixtsaowupia_sbu.cogf.EA11InuinfcuThauppSYgoeeATldcimsevubIA_cboe-dumbpipuwaPat-ayfefumm' +
  'tpizje';

/** By pair, what is above that of all others. */
const COSTS = new Uint16Array(65_536);
for (let rank = 0; rank < COMMON_PAIRS.length / 2; rank += 1)
  COSTS[COMMON_PAIRS.charCodeAt(rank * 2) * 256 + COMMON_PAIRS.charCodeAt(rank * 2 + 1)] =
    10_000 - rank;

function cost(keyword: Uint8Array, at: number): number {
  const a = keyword[at] ?? 0;
  const b = keyword[at + 1] ?? 0;
  const known = COSTS[a * 256 + b] ?? 0;
  return known === 0 ? (COMMONNESS[a] ?? 0) * (COMMONNESS[b] ?? 0) : known;
}

/**
 * Of the pairs at every second place from `first` (0 or 1), where the one stands that is least
 * common together with the byte behind it. A pair with nothing behind it is only taken if it is the
 * last choice.
 */
function rarestPair(keyword: Uint8Array, first: number): number {
  const rate = (at: number): number => cost(keyword, at) * cost(keyword, at + 1);
  let best = first;
  for (let at = first + 2; at + 2 < keyword.length; at += 2) if (rate(at) < rate(best)) best = at;
  return best;
}

/**
 * What was found in bytes, as pairs of numbers: what it is, and at which byte. Roughly in order
 * within each group:
 * - FIRST_KEYWORD plus the number of a keyword, wherever one is within six or more printable bytes.
 * - BASE64_RUN at the start of 40 or more letters of base64, then 0 at their end.
 * - UTF16 or UTF16_NUL_FIRST at the first of blocks of 16 bytes that are UTF-16 of Latin letters.
 *   The name says whether a letter or its NUL is first.
 * - UTF16_END at the block after them, or after the end.
 */
type Findings = Uint32Array;

export const BASE64_RUN = 1;
export const UTF16 = 2;
export const UTF16_NUL_FIRST = 3;
export const UTF16_END = 4;
const FIRST_KEYWORD = 5;

const PAGE = 65_536;
/** Content has zeros around it: a step reads the next one's bytes too. */
const MARGIN = 128;
const FINDING_BYTES = 8;
const MOST_FINDINGS = 64 * 1024;
/** More than one step finds: 32 pairs, and as many keywords as have the same. */
const MOST_OF_A_STEP = 32 * 1024;
const NONE: Findings = new Uint32Array(0);

interface ByteScanExports {
  readonly scan: (at: number, end: number) => number;
  readonly next: { readonly value: number };
}

interface Memory {
  readonly buffer: ArrayBuffer;
  readonly grow: (pages: number) => number;
}

/** What is used of it: the types of Node.js have none. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { readonly initial: number }) => Memory;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

const { Module, Memory, Instance } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyApi;

let module: object | undefined;

/** Before any place, by more than a keyword is long. */
const NOWHERE = -(2 ** 30);

export interface Keyword {
  /** ASCII, three characters at least. */
  readonly text: string;
  /** Checks what is around a keyword that is too common; it counts only where this is true. */
  readonly glance?: (bytes: Uint8Array, at: number, length: number) => boolean;
}

export interface KeywordHit<K extends Keyword> {
  readonly keyword: K;
  readonly at: number;
}

export interface FoundInBytes<K extends Keyword> {
  /**
   * Every place where a keyword is within six bytes of text or more, roughly in order. Of a keyword
   * that overlaps itself (`AAAA`), not each place.
   */
  readonly hits: readonly KeywordHit<K>[];
  /** What shows UTF-16, and base64 (`secret-views.ts`). */
  readonly wide: readonly number[];
  readonly encoded: readonly number[];
}

/** Searches bytes for keywords and other spellings of text, in WebAssembly (byte-scan.wat). */
export class KeywordScan<K extends Keyword> {
  readonly #keywords: readonly K[];
  /** The last place of each keyword that counts. */
  readonly #last: Int32Array;
  /** Tables, findings, content. */
  readonly #memory: Memory;
  readonly #exports: ByteScanExports;
  readonly #results: number;
  readonly #content: number;
  #bytes: Uint8Array;

  /** `keywords`: three bytes at least each, else this throws. */
  constructor(keywords: readonly K[]) {
    this.#keywords = keywords;
    this.#last = new Int32Array(keywords.length);
    const tables = keywordTables(keywords.map(({ text }) => Buffer.from(text, 'latin1')));
    this.#results = Math.ceil(tables.length / FINDING_BYTES) * FINDING_BYTES;
    this.#content = this.#results + MOST_FINDINGS * FINDING_BYTES + MARGIN;
    this.#memory = new Memory({ initial: Math.ceil(this.#content / PAGE) });
    this.#bytes = new Uint8Array(this.#memory.buffer);
    this.#bytes.set(tables);
    module ??= new Module(Buffer.from(BYTE_SCAN_WASM, 'base64'));
    const { exports } = new Instance(module, {
      kernel: {
        memory: this.#memory,
        content: this.#content,
        results: this.#results,
        resultsFull: this.#results + (MOST_FINDINGS - MOST_OF_A_STEP) * FINDING_BYTES,
      },
    });
    this.#exports = exports as ByteScanExports;
  }

  find(bytes: Uint8Array): FoundInBytes<K> {
    const hits: KeywordHit<K>[] = [];
    const wide: number[] = [];
    const encoded: number[] = [];
    const findings = this.scan(bytes);
    if (findings.length > 0) this.#last.fill(NOWHERE);
    for (let pair = 0; pair < findings.length; pair += 2) {
      const what = findings[pair] ?? 0;
      const at = findings[pair + 1] ?? 0;
      const number = what - FIRST_KEYWORD;
      const keyword = number < 0 ? undefined : this.#keywords[number];
      if (keyword === undefined) {
        (what <= BASE64_RUN ? encoded : wide).push(what, at);
        continue;
      }
      const { length } = keyword.text;
      const before = this.#last[number] ?? NOWHERE;
      if (at >= before && at < before + length) continue;
      if (keyword.glance?.(bytes, at, length) === false) continue;
      this.#last[number] = at;
      hits.push({ keyword, at });
    }
    return { hits, wide, encoded };
  }

  scan(bytes: Uint8Array): Findings {
    this.#load(bytes);
    const end = this.#content + bytes.length;
    let all = NONE;
    for (let at = this.#content; at < end;) {
      at = this.#exports.scan(at, end);
      const count = (this.#exports.next.value - this.#results) / 4;
      if (count === 0) continue;
      const before = all;
      all = new Uint32Array(before.length + count);
      all.set(before);
      all.set(new Uint32Array(this.#bytes.buffer, this.#results, count), before.length);
    }
    return all;
  }

  #load(bytes: Uint8Array): void {
    const end = this.#content + bytes.length;
    const missing = end + MARGIN - this.#bytes.length;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / PAGE));
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    this.#bytes.set(bytes, this.#content);
    this.#bytes.fill(0, end, end + MARGIN);
  }
}
