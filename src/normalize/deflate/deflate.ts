/** Packs bits, least significant first (RFC 1951, section 3.1.1). Grows as needed. */
class BitWriter {
  #bytes: Uint8Array;
  #length = 0;
  #bits = 0;
  #count = 0;

  constructor(expected: number) {
    this.#bytes = new Uint8Array(expected);
  }

  /** Makes sure that `more` bytes fit, so that `put` need not look. */
  reserve(more: number): void {
    const need = this.#length + more + 8;
    if (need <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(need, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  /** Writes the low `count` bits of `value`; at most 16 at once, and `value` has no higher ones. */
  put(value: number, count: number): void {
    this.#bits |= value << this.#count;
    this.#count += count;
    while (this.#count >= 8) {
      this.#bytes[this.#length++] = this.#bits & 0xff;
      this.#bits >>>= 8;
      this.#count -= 8;
    }
  }

  align(): void {
    if (this.#count === 0) return;
    this.#bytes[this.#length++] = this.#bits & 0xff;
    this.#bits = 0;
    this.#count = 0;
  }

  /** Copies whole bytes; only behind `align`. */
  bytes(from: Uint8Array): void {
    this.reserve(from.length);
    this.#bytes.set(from, this.#length);
    this.#length += from.length;
  }

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** RFC 1951 section 3.2.5: lengths 3 to 258 and distances 1 to 32768 as a symbol and extra bits. */
const END_OF_BLOCK = 256;
const LITERALS = 286;
const DISTANCES = 30;

const LENGTH_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
const DISTANCE_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12],
  ...[13, 13],
);
const LENGTH_BASE = bases(LENGTH_EXTRA, 3);
const DISTANCE_BASE = bases(DISTANCE_EXTRA, 1);
/** 258 has a symbol of its own, the last, though the one before could spell it. */
LENGTH_BASE[28] = 258;

/** Index into the length tables, by match length. */
const LENGTH_SLOT = lengthSlots();
const NEAR_SLOT = distanceSlots();

/** Index into the distance tables. */
function distanceSlot(distance: number): number {
  return distance <= 256
    ? (NEAR_SLOT[distance - 1] ?? 0)
    : (NEAR_SLOT[256 + ((distance - 1) >> 7)] ?? 0);
}

function bases(extra: Uint8Array, first: number): Uint16Array {
  const out = new Uint16Array(extra.length);
  let base = first;
  extra.forEach((bits, slot) => {
    out[slot] = base;
    base += 1 << bits;
  });
  return out;
}

function lengthSlots(): Uint8Array {
  const slots = new Uint8Array(259);
  for (let slot = 0; slot < 29; slot++)
    for (let i = LENGTH_BASE[slot] ?? 0; i < 259; i++) slots[i] = slot;
  return slots;
}

/** Distances to 256 one by one, larger ones by their upper bits, as zlib keeps them. */
function distanceSlots(): Uint8Array {
  const slots = new Uint8Array(512);
  for (let slot = 0; slot < DISTANCES; slot++) {
    const from = (DISTANCE_BASE[slot] ?? 1) - 1;
    if (from < 256) slots.fill(slot, from, 256);
    slots.fill(slot, 256 + (from >> 7));
  }
  return slots;
}

/** A canonical prefix code: the length of each symbol's code, and its bits in writing order. */
interface PrefixCode {
  readonly lengths: Uint8Array;
  readonly codes: Uint16Array;
}

/**
 * The code for symbols that occur `counts` times, none longer than `limit` bits (RFC 1951 section
 * 3.2.2). Ties are broken by the symbol's number, so the same counts give the same code everywhere.
 * Always a complete code of two symbols or more: some readers refuse others.
 */
function prefixCode(counts: Uint32Array, limit: number): PrefixCode {
  const lengths = new Uint8Array(counts.length);
  const used = usedSymbols(counts);
  const depths = treeDepths(used.map((leaf) => leaf.count));
  const perLength = limited(depths, limit);
  // The rarest symbols come first and take the longest codes.
  let length = limit;
  for (const { symbol } of used) {
    while (perLength[length] === 0) length--;
    lengths[symbol] = length;
    perLength[length] = (perLength[length] ?? 0) - 1;
  }
  return { lengths, codes: canonicalCodes(lengths, limit) };
}

interface Leaf {
  readonly symbol: number;
  readonly count: number;
}

function usedSymbols(counts: Uint32Array): Leaf[] {
  const used: Leaf[] = [];
  counts.forEach((count, symbol) => {
    if (count > 0) used.push({ symbol, count });
  });
  for (let symbol = 0; used.length < 2; symbol++)
    if (counts[symbol] === 0) used.push({ symbol, count: 1 });
  return used.sort((a, b) => a.count - b.count || a.symbol - b.symbol);
}

/** Depth of each leaf of Huffman's tree over ascending weights, by the two-queue method. */
function treeDepths(weights: readonly number[]): number[] {
  const leaves = weights.length;
  const weight = [...weights];
  const parent = new Array<number>(2 * leaves - 1).fill(0);
  let leaf = 0;
  let node = leaves;
  const smallest = (): number => {
    const isLeafNext =
      leaf < leaves && (node >= weight.length || (weight[leaf] ?? 0) <= (weight[node] ?? 0));
    return isLeafNext ? leaf++ : node++;
  };
  while (weight.length < 2 * leaves - 1) {
    const [a, b] = [smallest(), smallest()];
    parent[a] = parent[b] = weight.length;
    weight.push((weight[a] ?? 0) + (weight[b] ?? 0));
  }
  const depth = new Array<number>(2 * leaves - 1).fill(0);
  for (let i = 2 * leaves - 3; i >= 0; i--) depth[i] = (depth[parent[i] ?? 0] ?? 0) + 1;
  return depth.slice(0, leaves);
}

/** Codes per length, once those over `limit` are shortened and others lengthened to pay for it. */
function limited(depths: readonly number[], limit: number): number[] {
  const perLength = new Array<number>(limit + 1).fill(0);
  let space = 0;
  for (const depth of depths) {
    const length = Math.min(depth, limit);
    perLength[length] = (perLength[length] ?? 0) + 1;
    space += 2 ** (limit - length);
  }
  while (space > 2 ** limit) {
    let length = limit - 1;
    while (perLength[length] === 0) length--;
    perLength[length] = (perLength[length] ?? 0) - 1;
    perLength[length + 1] = (perLength[length + 1] ?? 0) + 1;
    space -= 2 ** (limit - length - 1);
  }
  return filled(perLength, 2 ** limit - space, limit);
}

/** If more was saved than needed, shortens the longest codes until the code is complete. */
function filled(perLength: number[], spare: number, limit: number): number[] {
  let left = spare;
  while (left > 0) {
    let length = limit;
    while (perLength[length] === 0 || 2 ** (limit - length) > left) length--;
    perLength[length] = (perLength[length] ?? 0) - 1;
    perLength[length - 1] = (perLength[length - 1] ?? 0) + 1;
    left -= 2 ** (limit - length);
  }
  return perLength;
}

function canonicalCodes(lengths: Uint8Array, limit: number): Uint16Array {
  const codes = new Uint16Array(lengths.length);
  let code = 0;
  for (let length = 1; length <= limit; length++) {
    code <<= 1;
    lengths.forEach((own, symbol) => {
      if (own === length) codes[symbol] = reversed(code++, length);
    });
  }
  return codes;
}

/** Huffman codes are packed from their most significant bit. */
function reversed(code: number, length: number): number {
  let out = 0;
  for (let i = 0; i < length; i++) out |= ((code >> i) & 1) << (length - 1 - i);
  return out;
}

/** RFC 1951 section 3.2.7: the order in which the lengths of the code-length code are sent. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MAX_STORED = 0xffff;

/** A block's literals (a byte) and matches (length << 16 | distance, with lengths over 2). */
class SymbolBlock {
  readonly capacity: number;
  readonly items: Uint32Array;
  count = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.items = new Uint32Array(capacity);
  }
}

/** Writes a non-final block of `raw`, Huffman-coded or stored, whichever is smaller. */
function writeBlock(out: BitWriter, block: SymbolBlock, raw: Uint8Array): void {
  const { literals, distances } = histogram(block);
  const literalCode = prefixCode(literals, 15);
  const distanceCode = prefixCode(distances, 15);
  const header = codeLengths(literalCode, distanceCode);
  const bits = header.bits + bodyBits(literals, distances, literalCode, distanceCode);
  const storedBits = (raw.length + 5 * Math.ceil(raw.length / MAX_STORED)) * 8;
  if (bits >= storedBits) {
    writeStored(out, raw);
    return;
  }
  out.reserve(Math.ceil(bits / 8));
  writeHeader(out, header);
  writeBody(out, block, literalCode, distanceCode);
}

/** Non-final stored blocks. An empty one is zlib's sync flush: it ends on a whole byte. */
function writeStored(out: BitWriter, raw: Uint8Array): void {
  for (let at = 0; at === 0 || at < raw.length; at += MAX_STORED) {
    const piece = raw.subarray(at, at + MAX_STORED);
    out.reserve(5);
    out.put(0, 3);
    out.align();
    out.put(piece.length, 16);
    out.put(piece.length ^ 0xffff, 16);
    out.bytes(piece);
  }
}

function histogram(block: SymbolBlock): { literals: Uint32Array; distances: Uint32Array } {
  const literals = new Uint32Array(LITERALS);
  const distances = new Uint32Array(DISTANCES);
  for (let i = 0; i < block.count; i++) {
    const item = block.items[i] ?? 0;
    const length = item >>> 16;
    const symbol = length === 0 ? item : 257 + (LENGTH_SLOT[length] ?? 0);
    literals[symbol] = (literals[symbol] ?? 0) + 1;
    if (length === 0) continue;
    const slot = distanceSlot(item & 0xffff);
    distances[slot] = (distances[slot] ?? 0) + 1;
  }
  literals[END_OF_BLOCK] = 1;
  return { literals, distances };
}

function bodyBits(
  literals: Uint32Array,
  distances: Uint32Array,
  literalCode: PrefixCode,
  distanceCode: PrefixCode,
): number {
  let bits = 0;
  literals.forEach((count, symbol) => {
    bits += count * ((literalCode.lengths[symbol] ?? 0) + (LENGTH_EXTRA[symbol - 257] ?? 0));
  });
  distances.forEach((count, slot) => {
    bits += count * ((distanceCode.lengths[slot] ?? 0) + (DISTANCE_EXTRA[slot] ?? 0));
  });
  return bits;
}

interface CodeLengths {
  readonly literalCount: number;
  readonly distanceCount: number;
  readonly runs: readonly Run[];
  readonly code: PrefixCode;
  readonly sent: number;
  readonly bits: number;
}

interface Run {
  readonly symbol: number;
  readonly extra: number;
  readonly extraBits: number;
}

function codeLengths(literalCode: PrefixCode, distanceCode: PrefixCode): CodeLengths {
  const literalCount = Math.max(257, used(literalCode.lengths));
  const distanceCount = Math.max(1, used(distanceCode.lengths));
  const runs = runLengths([
    ...literalCode.lengths.subarray(0, literalCount),
    ...distanceCode.lengths.subarray(0, distanceCount),
  ]);
  const counts = new Uint32Array(19);
  for (const { symbol } of runs) counts[symbol] = (counts[symbol] ?? 0) + 1;
  const code = prefixCode(counts, 7);
  const sent = Math.max(4, ORDER.findLastIndex((symbol) => code.lengths[symbol] !== 0) + 1);
  const bits = runs.reduce((sum, run) => sum + (code.lengths[run.symbol] ?? 0) + run.extraBits, 0);
  return { literalCount, distanceCount, runs, code, sent, bits: bits + 17 + 3 * sent };
}

function used(lengths: Uint8Array): number {
  return lengths.findLastIndex((length) => length !== 0) + 1;
}

/** Section 3.2.7: 16 repeats the length before it 3 to 6 times, 17 and 18 are runs of zeros. */
function runLengths(lengths: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at < lengths.length;) {
    const length = lengths[at] ?? 0;
    let end = at + 1;
    while (end < lengths.length && lengths[end] === length) end++;
    if (length !== 0) runs.push({ symbol: length, extra: 0, extraBits: 0 });
    let left = end - at - (length === 0 ? 0 : 1);
    while (left > 0) {
      const [symbol, most, least, extraBits] =
        length !== 0 ? [16, 6, 3, 2] : left > 10 ? [18, 138, 11, 7] : [17, 10, 3, 3];
      const take = left < 3 ? 1 : Math.min(left, most);
      runs.push(
        left < 3
          ? { symbol: length, extra: 0, extraBits: 0 }
          : { symbol, extra: take - least, extraBits },
      );
      left -= take;
    }
    at = end;
  }
  return runs;
}

function writeHeader(out: BitWriter, header: CodeLengths): void {
  out.reserve(64 + header.runs.length * 3);
  out.put(0b100, 3);
  out.put(header.literalCount - 257, 5);
  out.put(header.distanceCount - 1, 5);
  out.put(header.sent - 4, 4);
  for (const symbol of ORDER.slice(0, header.sent)) out.put(header.code.lengths[symbol] ?? 0, 3);
  for (const run of header.runs) {
    out.put(header.code.codes[run.symbol] ?? 0, header.code.lengths[run.symbol] ?? 0);
    if (run.extraBits > 0) out.put(run.extra, run.extraBits);
  }
}

function writeBody(out: BitWriter, block: SymbolBlock, lit: PrefixCode, dist: PrefixCode): void {
  for (let i = 0; i < block.count; i++) {
    const item = block.items[i] ?? 0;
    const length = item >>> 16;
    if (length === 0) {
      out.put(lit.codes[item] ?? 0, lit.lengths[item] ?? 0);
      continue;
    }
    const lengthSlot = LENGTH_SLOT[length] ?? 0;
    out.put(lit.codes[257 + lengthSlot] ?? 0, lit.lengths[257 + lengthSlot] ?? 0);
    out.put(length - (LENGTH_BASE[lengthSlot] ?? 0), LENGTH_EXTRA[lengthSlot] ?? 0);
    const distance = item & 0xffff;
    const slot = distanceSlot(distance);
    out.put(dist.codes[slot] ?? 0, dist.lengths[slot] ?? 0);
    out.put(distance - (DISTANCE_BASE[slot] ?? 0), DISTANCE_EXTRA[slot] ?? 0);
  }
  out.put(lit.codes[END_OF_BLOCK] ?? 0, lit.lengths[END_OF_BLOCK] ?? 0);
}

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
 * Compresses `data` from `start` on as non-final DEFLATE blocks that end on a whole byte. The bytes
 * before `start` (at most WINDOW) are history that the reader has. Pieces made this way can be
 * joined. Uses integer arithmetic alone: the same input gives the same bytes on any engine and
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
