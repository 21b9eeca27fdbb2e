import { type BitWriter } from './bit-writer.ts';
import { prefixCode, type PrefixCode } from './huffman.ts';
import {
  DISTANCE_BASE,
  DISTANCE_EXTRA,
  DISTANCES,
  distanceSlot,
  END_OF_BLOCK,
  LENGTH_BASE,
  LENGTH_EXTRA,
  LENGTH_SLOT,
  LITERALS,
} from './symbols.ts';

/** RFC 1951 section 3.2.7: the order in which the lengths of the code-length code are sent. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const MAX_STORED = 0xffff;

/** A block's literals (a byte) and matches (length << 16 | distance, with lengths over 2). */
export class SymbolBlock {
  readonly capacity: number;
  readonly items: Uint32Array;
  count = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.items = new Uint32Array(capacity);
  }
}

/** Writes a non-final block of `raw`, Huffman-coded or stored, whichever is smaller. */
export function writeBlock(out: BitWriter, block: SymbolBlock, raw: Uint8Array): void {
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
export function writeStored(out: BitWriter, raw: Uint8Array): void {
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
