import { crc32 } from 'node:zlib';
import { type AdvisoryParts, entryBytes } from './advisory-entry.ts';
import { idKey, packageKey } from './advisory-names.ts';
import {
  BUCKET_BYTES,
  bucketOf,
  checkOf,
  type DatabaseMeta,
  MARK,
  MOST_BUCKET_BITS,
  ROW_BYTES,
  TRAILER_BYTES,
} from './index-format.ts';

/** Takes the bytes of a file in their order. */
export type Append = (bytes: Uint8Array) => Promise<void>;

const HELD = 1024 * 1024;
/** Rows are kept in memory until the end: 192 MB of them. */
const MOST_ENTRIES = 8_000_000;

/** Writes a database (see index-format.ts): records one by one, then the end. */
export class AdvisoryWriter {
  readonly #append: Append;
  #held: Buffer[] = [Buffer.from(MARK)];
  #heldLength = MARK.length;
  #at = MARK.length;
  #rows: Buffer = Buffer.alloc(1024 * ROW_BYTES);
  #count = 0;
  #records = 0;
  readonly #releases = new Set<string>();

  constructor(append: Append) {
    this.#append = append;
  }

  /** Throws for more entries than any ecosystem has. */
  async add({ entries, head, id }: AdvisoryParts): Promise<void> {
    this.#records += 1;
    for (const entry of entries) {
      this.#releases.add(entry.release);
      this.#row(packageKey(entry.release, entry.name), entryBytes(entry));
    }
    if (head !== undefined)
      this.#row(idKey(id), entryBytes({ release: '', name: '', record: head, versions: [] }));
    if (this.#heldLength > HELD) await this.#flush();
  }

  /** Writes what lies behind the entries. */
  async end(
    about: Omit<
      DatabaseMeta,
      'records' | 'entries' | 'releases' | 'rowsAt' | 'bucketsAt' | 'bucketBits'
    >,
  ): Promise<DatabaseMeta> {
    const bucketBits = Math.min(MOST_BUCKET_BITS, Math.ceil(Math.log2(Math.max(1, this.#count))));
    const rowsAt = this.#at;
    const { rows, buckets } = this.#sorted(bucketBits);
    this.#hold(rows);
    const bucketsAt = this.#at;
    this.#hold(buckets);
    const meta: DatabaseMeta = {
      ...about,
      records: this.#records,
      entries: this.#count,
      releases: [...this.#releases].sort(),
      rowsAt,
      bucketsAt,
      bucketBits,
    };
    const text = Buffer.from(JSON.stringify(meta));
    const trailer = Buffer.alloc(TRAILER_BYTES);
    trailer.writeBigUInt64LE(BigInt(this.#at), 0);
    trailer.writeUInt32LE(text.length, 8);
    trailer.writeUInt32LE(crc32(text), 12);
    trailer.write(MARK, 16, 'latin1');
    this.#hold(text);
    this.#hold(trailer);
    await this.#flush();
    return meta;
  }

  #row(key: bigint, bytes: Buffer): void {
    if (this.#count === MOST_ENTRIES) throw new RangeError('it has too many entries');
    const from = this.#count * ROW_BYTES;
    if (from === this.#rows.length) this.#rows = Buffer.concat([this.#rows, Buffer.alloc(from)]);
    this.#rows.writeBigUInt64BE(key, from);
    this.#rows.writeBigUInt64LE(BigInt(this.#at), from + 8);
    this.#rows.writeUInt32LE(bytes.length, from + 16);
    this.#rows.writeUInt32LE(crc32(bytes), from + 20);
    this.#count += 1;
    this.#hold(bytes);
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldLength += bytes.length;
    this.#at += bytes.length;
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldLength = 0;
    await this.#append(bytes);
  }

  /** Rows by bucket, each in the order in which it came. */
  #sorted(bits: number): { readonly rows: Buffer; readonly buckets: Buffer } {
    const firsts = new Uint32Array(2 ** bits + 1);
    const bucketAt = (i: number): number =>
      bucketOf(this.#rows.readBigUInt64BE(i * ROW_BYTES), bits);
    for (let i = 0; i < this.#count; i++)
      firsts[bucketAt(i) + 1] = (firsts[bucketAt(i) + 1] ?? 0) + 1;
    for (let i = 1; i < firsts.length; i++) firsts[i] = (firsts[i] ?? 0) + (firsts[i - 1] ?? 0);
    const next = firsts.slice();
    const rows = Buffer.alloc(this.#count * ROW_BYTES);
    for (let i = 0; i < this.#count; i++) {
      const bucket = bucketAt(i);
      const place = next[bucket] ?? 0;
      next[bucket] = place + 1;
      this.#rows.copy(rows, place * ROW_BYTES, i * ROW_BYTES, (i + 1) * ROW_BYTES);
    }
    const buckets = Buffer.alloc(firsts.length * BUCKET_BYTES);
    for (const [bucket, first] of firsts.entries()) {
      const end = firsts[bucket + 1] ?? first;
      buckets.writeUInt32LE(first, bucket * BUCKET_BYTES);
      buckets.writeUInt32LE(
        checkOf(rows.subarray(first * ROW_BYTES, end * ROW_BYTES), bucket),
        bucket * BUCKET_BYTES + 4,
      );
    }
    return { rows, buckets };
  }
}
