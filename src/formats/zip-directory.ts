import { type ExtraFields, LARGEST_COMMENT, ZIP_BYTES, ZIP_MARK } from './zip-records.ts';

/** A member of a zip archive as the central directory has it (APPNOTE.TXT 4.3.12). */
export interface ZipMember {
  /** Where its header in the directory stands, and where the one before its content does. */
  readonly central: number;
  readonly local: number;
  readonly name: string;
  /** DOS date and time. */
  readonly time: number;
  readonly crc: number;
  /** Bytes of its plain content. */
  readonly size: number;
  readonly extra: ExtraFields;
}

export interface ZipDirectory {
  /** Where the directory and the record behind it begin. */
  readonly start: number;
  readonly end: number;
  readonly members: readonly ZipMember[];
}

/**
 * The directory of a zip archive that is at hand as a whole; undefined where it is none that this can read: something between the directory and its end
 * record, zip64, a directory that counts more or less than it holds.
 */
export function zipDirectory(bytes: Uint8Array): ZipDirectory | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endRecord(view);
  if (end === undefined) return undefined;
  const count = view.getUint16(end + 10, true);
  const start = view.getUint32(end + 16, true);
  if (count === 0xffff || start + view.getUint32(end + 12, true) !== end) return undefined;
  const members: ZipMember[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const member = memberAt(bytes, view, at, end);
    if (member === undefined) return undefined;
    members.push(member);
    at = member.extra[1] + view.getUint16(at + 32, true);
  }
  return at === end ? { start, end, members } : undefined;
}

/** The end record whose comment reaches just to the file's end. */
function endRecord(view: DataView): number | undefined {
  const lowest = Math.max(0, view.byteLength - ZIP_BYTES.end - LARGEST_COMMENT);
  for (let at = view.byteLength - ZIP_BYTES.end; at >= lowest; at--)
    if (
      view.getUint32(at, true) === ZIP_MARK.end &&
      at + ZIP_BYTES.end + view.getUint16(at + 20, true) === view.byteLength
    )
      return at;
  return undefined;
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
  return {
    central,
    local: view.getUint32(central + 42, true),
    name: Buffer.from(bytes.subarray(named, from)).toString('utf8'),
    time: view.getUint32(central + 12, true),
    crc: view.getUint32(central + 16, true),
    size: view.getUint32(central + 24, true),
    extra: [from, to],
  };
}
