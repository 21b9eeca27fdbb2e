import { BitWriter } from './bit-writer.ts';
import { SymbolBlock, writeBlock, writeStored } from './block-writer.ts';

/** How far back a match may lie; distance 32768 would not fit 16 bits and is given up. */
export const WINDOW = 32768;
const MAX_DISTANCE = WINDOW - 1;
const MIN_MATCH = 4;
const MAX_MATCH = 258;
const HASH_BITS = 16;
/** Symbols per block: enough to pay for its header, few enough to follow changes in the data. */
const BLOCK_SYMBOLS = 16384;

/** How hard to look. Part of what the bytes depend on: a change is a new RULE_SET_VERSION. */
const CHAIN = 16;
const NICE = 48;
const LAZY = 16;

/**
 * Compresses `data` from `start` on as non-final DEFLATE blocks that end on a whole byte; what lies
 * in front of `start` (at most WINDOW bytes) is history that the reader has. Pieces so made may be
 * joined. Integer arithmetic alone: the same input gives the same bytes on any engine and
 * processor.
 */
export function deflatePiece(data: Uint8Array, start: number): Uint8Array {
  const out = new BitWriter(((data.length - start) >> 1) + 1024);
  const block = new SymbolBlock(BLOCK_SYMBOLS + 2);
  let from = start;
  new Matcher(data).run(start, block, (end) => {
    writeBlock(out, block, data.subarray(from, end));
    block.count = 0;
    from = end;
  });
  writeStored(out, new Uint8Array(0));
  return out.written();
}

/** Hash chains with one step of lazy matching (RFC 1951 section 4). */
class Matcher {
  readonly #data: Uint8Array;
  readonly #words: DataView;
  readonly #head = new Int32Array(1 << HASH_BITS).fill(-1);
  readonly #previous = new Int32Array(WINDOW);
  #length = 0;
  #distance = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
    this.#words = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  run(start: number, block: SymbolBlock, full: (end: number) => void): void {
    const data = this.#data;
    const end = data.length;
    const { items } = block;
    for (let i = 0; i < start; i++) this.#insert(i);
    let at = start;
    while (at < end) {
      this.#find(at, 0);
      let length = this.#length;
      let distance = this.#distance;
      this.#insert(at);
      // A longer match one byte on is worth a literal.
      while (length >= MIN_MATCH && length < LAZY && at + 1 < end) {
        this.#find(at + 1, length);
        if (this.#length <= length) break;
        items[block.count++] = data[at] ?? 0;
        at++;
        length = this.#length;
        distance = this.#distance;
        this.#insert(at);
        if (block.count >= BLOCK_SYMBOLS) full(at);
      }
      if (length < MIN_MATCH) items[block.count++] = data[at++] ?? 0;
      else {
        items[block.count++] = (length << 16) | distance;
        const next = at + length;
        for (at++; at < next; at++) this.#insert(at);
      }
      if (block.count >= BLOCK_SYMBOLS) full(at);
    }
    if (block.count > 0) full(end);
  }

  #hash(at: number): number {
    return Math.imul(this.#words.getUint32(at, true), 0x9e3779b1) >>> (32 - HASH_BITS);
  }

  #insert(at: number): void {
    if (at + MIN_MATCH > this.#data.length) return;
    const hash = this.#hash(at);
    this.#previous[at & (WINDOW - 1)] = this.#head[hash] ?? -1;
    this.#head[hash] = at;
  }

  /** Puts the longest match at `at` in #length (`floor` if none is longer) and #distance. */
  #find(at: number, floor: number): void {
    const data = this.#data;
    const words = this.#words;
    this.#length = floor;
    const most = Math.min(MAX_MATCH, data.length - at);
    if (most < MIN_MATCH || floor >= most) return;
    let best = Math.max(floor, MIN_MATCH - 1);
    const word = words.getUint32(at, true);
    let candidate = this.#head[Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)] ?? -1;
    const oldest = Math.max(0, at - MAX_DISTANCE);
    for (let chain = CHAIN; candidate >= oldest && chain > 0; chain--) {
      if (data[candidate + best] === data[at + best] && words.getUint32(candidate, true) === word) {
        let length = MIN_MATCH;
        while (length < most && data[candidate + length] === data[at + length]) length++;
        if (length > best) {
          best = length;
          this.#length = length;
          this.#distance = at - candidate;
          if (length >= NICE || length === most) return;
        }
      }
      candidate = this.#previous[candidate & (WINDOW - 1)] ?? -1;
    }
  }
}
