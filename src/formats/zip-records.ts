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
