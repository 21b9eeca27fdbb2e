/** Where a member's headers stand in the file, and its extra fields as [from, to) in both. */
export interface ZipEntry {
  readonly central: number;
  readonly local: number;
  readonly extras: readonly (readonly [number, number])[];
}

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const LARGEST_COMMENT = 0xffff;
const APK_SIGNATURE = Buffer.from('APK Sig Block 42', 'latin1');

/**
 * The members of a zip file (APPNOTE 4.3), undefined where it is none that can be edited in place: another thing with
 * a zip behind it, zip64, several disks, headers that do not agree, or a signature over the whole file.
 */
export function centralEntries(bytes: Uint8Array): ZipEntry[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endRecord(view);
  if (end === undefined) return undefined;
  const count = view.getUint16(end + 10, true);
  const size = view.getUint32(end + 12, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at + size !== end || isApk(bytes, at)) return undefined;
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    const entry = entryAt(view, at, end);
    if (entry === undefined) return undefined;
    entries.push(entry);
    at = entry.extras[0]?.[1] ?? end;
    at += view.getUint16(entry.central + 32, true);
  }
  return at === end ? entries : undefined;
}

/** The end record whose comment reaches just to the file's end. */
function endRecord(view: DataView): number | undefined {
  const lowest = Math.max(0, view.byteLength - END_BYTES - LARGEST_COMMENT);
  for (let at = view.byteLength - END_BYTES; at >= lowest; at--)
    if (
      view.getUint32(at, true) === END &&
      at + END_BYTES + view.getUint16(at + 20, true) === view.byteLength
    )
      return at;
  return undefined;
}

function isApk(bytes: Uint8Array, directory: number): boolean {
  return APK_SIGNATURE.equals(bytes.subarray(Math.max(0, directory - 16), directory));
}

function entryAt(view: DataView, central: number, end: number): ZipEntry | undefined {
  if (central + 46 > end || view.getUint32(central, true) !== CENTRAL) return undefined;
  const extra = central + 46 + view.getUint16(central + 28, true);
  const extraEnd = extra + view.getUint16(central + 30, true);
  const local = view.getUint32(central + 42, true);
  if (extraEnd > end || local + 30 > end || view.getUint32(local, true) !== LOCAL) return undefined;
  const localExtra = local + 30 + view.getUint16(local + 26, true);
  const localEnd = localExtra + view.getUint16(local + 28, true);
  if (localEnd > end) return undefined;
  return {
    central,
    local,
    extras: [
      [extra, extraEnd],
      [localExtra, localEnd],
    ],
  };
}
