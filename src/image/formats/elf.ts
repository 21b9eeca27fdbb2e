import type { ExecutableKind } from '../../model/facts.ts';

const MACHO = new Set(['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe']);

export function executableKind(head: Uint8Array): ExecutableKind {
  if (head[0] === 0x23 && head[1] === 0x21) return 'script';
  if (head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46) return 'elf';
  if (head[0] === 0x4d && head[1] === 0x5a) return 'pe';
  return MACHO.has(Buffer.from(head.subarray(0, 4)).toString('hex')) ? 'macho' : 'unknown';
}

interface Table {
  readonly at: number;
  readonly entry: number;
  readonly count: number;
}

/** What an ELF file's header says (System V ABI, chapter 4), and how its numbers are read. */
interface ElfHeader {
  readonly isWide: boolean;
  readonly number: (at: number, size: 2 | 4 | 8) => bigint;
  readonly word: 4 | 8;
  readonly sections: Table;
  readonly names: number;
}

/** SHT_NOBITS: such a section has no bytes in the file. */
const NO_BITS = 8;
const MAX_SECTIONS = 10_000;

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
