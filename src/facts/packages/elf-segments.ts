/** A part of a program's file that is put into memory: where it lies in both. */
export interface Segment {
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
}

const LOAD = 1;
const MAX_HEADERS = 256;

/** Loaded segments of an ELF file by its first bytes (System V ABI, "Program Header"); none where it is none, or its table lies further on. */
export function elfSegments(head: Buffer): readonly Segment[] {
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46) return [];
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const number = (at: number, size: 2 | 4 | 8): bigint => {
    if (size === 2) return BigInt(little ? head.readUInt16LE(at) : head.readUInt16BE(at));
    if (size === 4) return BigInt(little ? head.readUInt32LE(at) : head.readUInt32BE(at));
    return little ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at);
  };
  const word = wide ? 8 : 4;
  const table = Number(number(wide ? 32 : 28, word));
  const entry = Number(number(wide ? 54 : 42, 2));
  const count = Number(number(wide ? 56 : 44, 2));
  if (count > MAX_HEADERS || entry < (wide ? 56 : 32) || table + entry * count > head.length)
    return [];
  const segments: Segment[] = [];
  for (let at = table; at < table + entry * count; at += entry) {
    if (Number(number(at, 4)) !== LOAD) continue;
    segments.push({
      offset: Number(number(at + (wide ? 8 : 4), word)),
      address: number(at + (wide ? 16 : 8), word),
      size: Number(number(at + (wide ? 32 : 16), word)),
    });
  }
  return segments;
}

/** Where in the file an address of the program lies. */
export function offsetOf(segments: readonly Segment[], address: bigint): number | undefined {
  for (const { address: from, offset, size } of segments) {
    const distance = address - from;
    if (distance >= 0n && distance < BigInt(size)) return offset + Number(distance);
  }
  return undefined;
}
