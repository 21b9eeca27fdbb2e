import { ZIP_MARK } from './zip-records.ts';

/** Sizes of a data descriptor (APPNOTE.TXT 4.3.9): zip64 or 4-byte sizes, after a mark or not. */
export const DESCRIPTOR_BYTES = [24, 20, 16, 12] as const;
/** The longest one, and the mark of the header that follows it. */
export const DESCRIPTOR_REACH = 28;

/** The entry that a descriptor may be of. */
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
