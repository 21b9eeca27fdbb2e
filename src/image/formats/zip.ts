import { crc32, inflateRawSync } from 'node:zlib';
import { MalformedRecord } from './sqlite.ts';

/** Marks of a zip archive's records (APPNOTE.TXT 4.3), as little-endian numbers. */
export const ZIP_MARK = {
  local: 0x04034b50,
  central: 0x02014b50,
  end: 0x06054b50,
  end64: 0x06064b50,
  locator64: 0x07064b50,
  descriptor: 0x08074b50,
} as const;

/** Bytes of each record before its names and extra fields. */
export const ZIP_BYTES = { local: 30, central: 46, end: 22, end64: 56, locator64: 20 } as const;

/** The comment behind the end record takes at most so many bytes. */
export const LARGEST_COMMENT = 0xffff;

/** Where a record's extra fields lie, in bytes from the file's start. */
export type ExtraFields = readonly [from: number, to: number];

/** Where the local header at `at` has its extra fields (4.3.7); undefined where past `limit`. */
export function localExtras(view: DataView, at: number, limit: number): ExtraFields | undefined {
  if (at + ZIP_BYTES.local > limit || view.getUint32(at, true) !== ZIP_MARK.local) return undefined;
  const from = at + ZIP_BYTES.local + view.getUint16(at + 26, true);
  const to = from + view.getUint16(at + 28, true);
  return to > limit ? undefined : [from, to];
}

/** Sizes of a data descriptor (APPNOTE.TXT 4.3.9): zip64 or 4-byte sizes, after a mark or not. */
export const DESCRIPTOR_BYTES = [24, 20, 16, 12] as const;
/** The longest one, and the mark of the header that follows it. */
export const DESCRIPTOR_REACH = 28;

interface DescribedEntry {
  /** Bytes of its content that came before those at hand. */
  readonly before: number;
  readonly isStored: boolean;
}

/**
 * Length of the data descriptor that stands before the header at `end` and says as many bytes as
 * came before it; undefined where there is none. Content may look like one: only the archive's
 * directory is sure.
 */
export function descriptorBefore(
  input: Buffer,
  end: number,
  entry: DescribedEntry,
): number | undefined {
  const next = input.readUInt32LE(end);
  if (next !== ZIP_MARK.local && next !== ZIP_MARK.central) return undefined;
  return DESCRIPTOR_BYTES.find((length) => length <= end && describes(input, end, length, entry));
}

function describes(
  input: Buffer,
  end: number,
  length: number,
  { before, isStored }: DescribedEntry,
): boolean {
  const from = end - length;
  const isMarked = length === 24 || length === 16;
  if (isMarked && input.readUInt32LE(from) !== ZIP_MARK.descriptor) return false;
  const size = (at: number): number =>
    length >= 20 ? Number(input.readBigUInt64LE(at)) : input.readUInt32LE(at);
  const plain = end - (length >= 20 ? 8 : 4);
  const packed = size(plain - (length >= 20 ? 8 : 4));
  return packed === before + from && (!isStored || size(plain) === packed);
}

/** A member of a zip archive as the central directory has it (APPNOTE.TXT 4.3.12). */
export interface ZipMember {
  /** Offset of its header in the directory, in the given bytes. */
  readonly central: number;
  /** Where the header before its content stands, from the file's start. */
  readonly local: number;
  readonly name: string;
  readonly method: number;
  /** DOS date and time. */
  readonly time: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly extra: ExtraFields;
}

interface ZipDirectory {
  readonly start: number;
  readonly end: number;
  /** Bytes behind the end record and its comment; negative where the comment is cut off. */
  readonly behind: number;
  readonly members: readonly ZipMember[];
}

interface Totals {
  readonly count: number;
  readonly size: number;
  readonly offset: number;
  readonly end: number;
  readonly behind: number;
}

const ALL_ONES = 0xffffffff;
const ZIP64_FIELD = 1;

/**
 * The directory of a zip archive, zip64 too, as readers find it from the file's end (Java, Python,
 * unzip). `bytes` are those of the file from its byte `before` on. Undefined if there is none, or
 * if readers could find different ones: bytes between the directory and its end record, or totals
 * that differ from its entries.
 */
export function zipDirectory(bytes: Uint8Array, before = 0): ZipDirectory | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const totals = totalsOf(bytes, view);
  if (totals === undefined) return undefined;
  const { count, size, offset, end, behind } = totals;
  const start = end - size;
  // A script before the archive moves all of it: the directory says where it would stand without.
  const moved = before + start - offset;
  if (start < 0 || moved < 0) return undefined;
  const members: ZipMember[] = [];
  let at = start;
  while (at < end) {
    const member = memberAt(bytes, view, at, end);
    if (member === undefined) return undefined;
    members.push({ ...member, local: member.local + moved });
    at = member.extra[1] + view.getUint16(at + 32, true);
  }
  return at === end && count === members.length ? { start, end, behind, members } : undefined;
}

/** Of several end records the last one counts, for every reader. */
function totalsOf(bytes: Uint8Array, view: DataView): Totals | undefined {
  const lowest = Math.max(0, bytes.length - ZIP_BYTES.end - LARGEST_COMMENT);
  const tail = Buffer.from(bytes.buffer, bytes.byteOffset + lowest, bytes.length - lowest);
  const found = tail.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
  const end = lowest + found;
  if (found < 0 || end + ZIP_BYTES.end > bytes.length) return undefined;
  const totals = {
    count: view.getUint16(end + 10, true),
    size: view.getUint32(end + 12, true),
    offset: view.getUint32(end + 16, true),
    end,
    behind: bytes.length - end - ZIP_BYTES.end - view.getUint16(end + 20, true),
  };
  const locator = end - ZIP_BYTES.locator64;
  if (locator < 0 || view.getUint32(locator, true) !== ZIP_MARK.locator64) return totals;
  return totals64(view, locator - ZIP_BYTES.end64, totals);
}

/** Python always uses these totals, Java only where the others have no room: they must agree. */
function totals64(view: DataView, at: number, small: Totals): Totals | undefined {
  if (at < 0 || view.getUint32(at, true) !== ZIP_MARK.end64) return undefined;
  const [count, size, offset] = [long(view, at + 32), long(view, at + 40), long(view, at + 48)];
  const agrees =
    (small.count === 0xffff || small.count === count) &&
    (small.size === ALL_ONES || small.size === size) &&
    (small.offset === ALL_ONES || small.offset === offset) &&
    long(view, at + ZIP_BYTES.end64 + 8) === offset + size;
  return agrees ? { count, size, offset, end: at, behind: small.behind } : undefined;
}

function memberAt(
  bytes: Uint8Array,
  view: DataView,
  central: number,
  end: number,
): ZipMember | undefined {
  const named = central + ZIP_BYTES.central;
  if (named > end || view.getUint32(central, true) !== ZIP_MARK.central) return undefined;
  const from = named + view.getUint16(central + 28, true);
  const to = from + view.getUint16(central + 30, true);
  if (to > end) return undefined;
  const sizes = [24, 20, 42].map((field) => view.getUint32(central + field, true));
  const [size, packed, local] = sizes.includes(ALL_ONES) ? longer(view, sizes, [from, to]) : sizes;
  if (size === undefined || packed === undefined || local === undefined) return undefined;
  return {
    central,
    local,
    name: Buffer.from(bytes.subarray(named, from)).toString('utf8'),
    method: view.getUint16(central + 10, true),
    time: view.getUint32(central + 12, true),
    crc: view.getUint32(central + 16, true),
    packed,
    size,
    extra: [from, to],
  };
}

/** The zip64 field's numbers for those that are all ones (4.5.3); none for no field or for two. */
function longer(
  view: DataView,
  short: readonly number[],
  [from, to]: ExtraFields,
): readonly number[] {
  const fields: (readonly [from: number, to: number])[] = [];
  for (let at = from; at + 4 <= to; at += 4 + view.getUint16(at + 2, true))
    if (view.getUint16(at, true) === ZIP64_FIELD)
      fields.push([at + 4, Math.min(to, at + 4 + view.getUint16(at + 2, true))]);
  const [field, ...more] = fields;
  if (field === undefined || more.length > 0) return [];
  let at = field[0];
  const numbers: number[] = [];
  for (const number of short) {
    if (number === ALL_ONES && at + 8 > field[1]) return [];
    numbers.push(number === ALL_ONES ? long(view, at) : number);
    if (number === ALL_ONES) at += 8;
  }
  return numbers;
}

function long(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

/** Largest header before a member's content, with name and extra fields (APPNOTE.TXT 4.3.7). */
export const LARGEST_HEADER = ZIP_BYTES.local + 2 * 0xffff;

/**
 * The plain content of a member, and where it ends. `bytes` begin at its local header. Throws
 * MalformedRecord where the header is another member's, for encryption and methods but deflate, and
 * where size or checksum are not what the directory states.
 */
export function memberContent(
  bytes: Buffer,
  member: ZipMember,
): { readonly content: Buffer; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const extras = localExtras(view, 0, bytes.length);
  if (extras === undefined) throw new MalformedRecord('a member is not where it should be');
  const [nameEnd, from] = extras;
  const end = from + member.packed;
  const name = bytes.toString('utf8', ZIP_BYTES.local, nameEnd);
  const method = bytes.readUInt16LE(8);
  if (name !== member.name || method !== member.method || end > bytes.length)
    throw new MalformedRecord('a member is not what its directory says');
  if ((bytes.readUInt16LE(6) & 1) !== 0 || (method !== 0 && method !== 8))
    throw new MalformedRecord(
      'a member is encrypted, or compressed in another way than by deflate',
    );
  const content = unpacked(bytes.subarray(from, end), member);
  if (content.length !== member.size || crc32(content) !== member.crc)
    throw new MalformedRecord(`${JSON.stringify(name.slice(0, 100))} is damaged`);
  return { content, end };
}

function unpacked(packed: Buffer, { method, size, name }: ZipMember): Buffer {
  if (method === 0) return packed;
  try {
    // One byte more than stated would be too much.
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch (cause) {
    throw new MalformedRecord(`${JSON.stringify(name.slice(0, 100))} cannot be unpacked`, {
      cause,
    });
  }
}
