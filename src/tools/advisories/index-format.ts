import { crc32 } from 'node:zlib';

/**
 * A database of one ecosystem is one file, written once and read in places:
 *
 *     mark        8 bytes
 *     entries     what records say of one package each, one after the other
 *     rows 24 bytes an entry: key, where it lies, its length, its checksum; ordered by bucket
 *     buckets 8 bytes each, and one that ends the last: number of its first row, checksum of its
 *     rows
 *     meta        JSON: what it is, how old, and where rows and buckets lie
 *     trailer     24 bytes: where meta lies, its length, its checksum, the mark again
 *
 * The first bits of a key are its bucket. Numbers are little-endian, keys big-endian, checksums
 * CRC-32. A bucket's begins with its own number, so that zeros are no empty bucket.
 */
export const MARK = 'SCOVADV1';
export const ROW_BYTES = 24;
export const BUCKET_BYTES = 8;
export const TRAILER_BYTES = 24;
export const MOST_META = 16 * 1024 * 1024;
export const MOST_BUCKET_BITS = 22;

/** What is known of a database without reading it. */
export interface DatabaseMeta {
  readonly ecosystem: string;
  /** Base address or folder that the export came from. */
  readonly from: string;
  /** Of the export, RFC 3339. */
  readonly date: string;
  /** When it was fetched, RFC 3339. */
  readonly fetched: string;
  readonly etag?: string;
  readonly records: number;
  readonly entries: number;
  /** Releases that it has something of: `Debian:13`. */
  readonly releases: readonly string[];
  readonly rowsAt: number;
  readonly bucketsAt: number;
  readonly bucketBits: number;
}

/** The bucket of a key. */
export function bucketOf(key: bigint, bits: number): number {
  return bits === 0 ? 0 : Number(key >> BigInt(64 - bits));
}

/** The checksum of a bucket's rows. Of no bytes zlib's depends on where they are not. */
export function checkOf(rows: Buffer, bucket: number): number {
  return rows.length === 0 ? bucket + 1 : crc32(rows, bucket + 1);
}
