import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { type AdvisoryEntry, entryOf } from './advisory-entry.ts';
import { idKey, packageKey } from './advisory-names.ts';
import {
  BUCKET_BYTES,
  bucketOf,
  checkOf,
  type DatabaseMeta,
  MARK,
  MOST_META,
  ROW_BYTES,
  TRAILER_BYTES,
} from './index-format.ts';

/** A database is not as it was written. */
export class DamagedDatabase extends Error {}

/**
 * An open database (see index-format.ts): reads what is asked for and nothing else. Throws
 * DamagedDatabase for bytes that are not as they were written, and the system's error where there
 * is no file.
 */
export class AdvisoryReader {
  readonly meta: DatabaseMeta;
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'r');
    try {
      this.meta = this.#readMeta();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  /** What records say of a package of a release. */
  entries(release: string, name: string): readonly AdvisoryEntry[] {
    return this.#lookUp(packageKey(release, name)).filter(
      (entry) => entry.release === release && entry.name === name,
    );
  }

  /** The record of an id, without packages. */
  record(id: string): AdvisoryEntry['record'] | undefined {
    return this.#lookUp(idKey(id)).find(({ record }) => record.id === id)?.record;
  }

  #readMeta(): DatabaseMeta {
    const { size } = fstatSync(this.#file);
    if (size < MARK.length + TRAILER_BYTES) throw damaged();
    const trailer = this.#read(size - TRAILER_BYTES, TRAILER_BYTES);
    const at = Number(trailer.readBigUInt64LE(0));
    const length = trailer.readUInt32LE(8);
    const isWhole =
      trailer.toString('latin1', 16) === MARK &&
      length <= MOST_META &&
      at + length === size - TRAILER_BYTES;
    if (!isWhole) throw damaged();
    const text = this.#read(at, length);
    if (crc32(text) !== trailer.readUInt32LE(12)) throw damaged();
    return JSON.parse(text.toString('utf8')) as DatabaseMeta;
  }

  #lookUp(key: bigint): readonly AdvisoryEntry[] {
    const { rowsAt, bucketsAt, bucketBits } = this.meta;
    const bucket = bucketOf(key, bucketBits);
    const slot = this.#read(bucketsAt + bucket * BUCKET_BYTES, 2 * BUCKET_BYTES);
    const [first, end] = [slot.readUInt32LE(0), slot.readUInt32LE(BUCKET_BYTES)];
    if (end < first || rowsAt + end * ROW_BYTES > bucketsAt) throw damaged();
    const rows = this.#read(rowsAt + first * ROW_BYTES, (end - first) * ROW_BYTES);
    if (checkOf(rows, bucket) !== slot.readUInt32LE(4)) throw damaged();
    const found: AdvisoryEntry[] = [];
    for (let at = 0; at < rows.length; at += ROW_BYTES) {
      if (rows.readBigUInt64BE(at) !== key) continue;
      const from = Number(rows.readBigUInt64LE(at + 8));
      const length = rows.readUInt32LE(at + 16);
      if (from + length > rowsAt) throw damaged();
      const bytes = this.#read(from, length);
      if (crc32(bytes) !== rows.readUInt32LE(at + 20)) throw damaged();
      found.push(entryOf(bytes));
    }
    return found;
  }

  #read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    let taken = 0;
    while (taken < length) {
      const count = readSync(this.#file, bytes, taken, length - taken, at + taken);
      if (count === 0) throw damaged();
      taken += count;
    }
    return bytes;
  }
}

function damaged(): DamagedDatabase {
  return new DamagedDatabase('it is damaged');
}
