/** A table of headers: where it begins, how long one of them is, how many there are. */
interface Table {
  readonly at: number;
  readonly entry: number;
  readonly count: number;
}

/** What an ELF file's header says (System V ABI, chapter 4), and how its numbers are read. */
interface ElfHeader {
  readonly isWide: boolean;
  readonly number: (at: number, size: 2 | 4 | 8) => bigint;
  /** Bytes of an address or an offset. */
  readonly word: 4 | 8;
  readonly programs: Table;
  readonly sections: Table;
  /** Which section holds the names of all. */
  readonly names: number;
}

/** A part of a program's file that is put into memory: where it lies in both. */
export interface Segment {
  readonly address: bigint;
  readonly offset: number;
  readonly size: number;
}

const LOAD = 1;
/** SHT_NOBITS: it takes no room in the file. */
const NO_BITS = 8;
const MAX_HEADERS = 256;
const MAX_SECTIONS = 10_000;

/**
 * Loaded segments of an ELF file, by its first bytes (System V ABI, "Program Header"); empty where
 * it is not an ELF file, or its table lies further on.
 */
export function elfSegments(head: Buffer): readonly Segment[] {
  const elf = elfHeader(head);
  if (elf === undefined) return [];
  const { isWide, number, word, programs } = elf;
  const least = isWide ? 56 : 32;
  if (programs.count > MAX_HEADERS || !isWithin(programs, least, head.length)) return [];
  return placesIn(programs)
    .filter((at) => Number(number(at, 4)) === LOAD)
    .map((at) => ({
      offset: Number(number(at + (isWide ? 8 : 4), word)),
      address: number(at + (isWide ? 16 : 8), word),
      size: Number(number(at + (isWide ? 32 : 16), word)),
    }));
}

/** Where in the file an address of the program lies. */
export function offsetOf(segments: readonly Segment[], address: bigint): number | undefined {
  for (const { address: from, offset, size } of segments) {
    const distance = address - from;
    if (distance >= 0n && distance < BigInt(size)) return offset + Number(distance);
  }
  return undefined;
}

/** An ELF file's sections by name ("Section Header"); undefined for a table that is unreadable. */
export function elfSections(file: Uint8Array): ReadonlyMap<string, Uint8Array> | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const elf = elfHeader(bytes);
  if (elf === undefined) return undefined;
  const { isWide, number, word, sections } = elf;
  if (sections.count === 0 || sections.count > MAX_SECTIONS || elf.names >= sections.count)
    return undefined;
  if (!isWithin(sections, isWide ? 64 : 40, bytes.length)) return undefined;
  const contentAt = (at: number): Buffer => {
    const start = Number(number(at + (isWide ? 24 : 16), word));
    return bytes.subarray(start, start + Number(number(at + (isWide ? 32 : 20), word)));
  };
  const names = contentAt(sections.at + elf.names * sections.entry);
  const found = new Map<string, Uint8Array>();
  for (const at of placesIn(sections))
    if (Number(number(at + 4, 4)) !== NO_BITS)
      found.set(textAt(names, Number(number(at, 4))), contentAt(at));
  return found;
}

function elfHeader(head: Buffer): ElfHeader | undefined {
  if (head.length < 64 || head.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const isWide = head[4] === 2;
  const little = head[5] === 1;
  const number = (at: number, size: 2 | 4 | 8): bigint => {
    if (size === 2) return BigInt(little ? head.readUInt16LE(at) : head.readUInt16BE(at));
    if (size === 4) return BigInt(little ? head.readUInt32LE(at) : head.readUInt32BE(at));
    return little ? head.readBigUInt64LE(at) : head.readBigUInt64BE(at);
  };
  const word = isWide ? 8 : 4;
  const table = (start: number, sizes: number): Table => ({
    at: Number(number(start, word)),
    entry: Number(number(sizes, 2)),
    count: Number(number(sizes + 2, 2)),
  });
  return {
    isWide,
    number,
    word,
    programs: table(isWide ? 32 : 28, isWide ? 54 : 42),
    sections: table(isWide ? 40 : 32, isWide ? 58 : 46),
    names: Number(number(isWide ? 62 : 50, 2)),
  };
}

function isWithin({ at, entry, count }: Table, least: number, length: number): boolean {
  return entry >= least && at + entry * count <= length;
}

function placesIn({ at, entry, count }: Table): readonly number[] {
  return Array.from({ length: count }, (_, i) => at + i * entry);
}

function textAt(bytes: Uint8Array, from: number): string {
  const end = bytes.indexOf(0, from);
  return Buffer.from(bytes.subarray(from, end < 0 ? bytes.length : end)).toString('latin1');
}
