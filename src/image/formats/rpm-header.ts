import { MalformedRecord } from './sqlite.ts';

const INT32 = 4;
const STRINGS = new Set([6, 8, 9]);
const ENTRY = 16;
/** As rpm itself bounds them (HEADER_TAGS_MAX, and far above the files of the largest package). */
const MAX_TAGS = 0xffff;
const MAX_ITEMS = 1_000_000;

interface Entry {
  readonly type: number;
  readonly offset: number;
  readonly count: number;
}

/**
 * The fields of a header in rpm's database: number of entries, size of the data, entries, data, all
 * big-endian. Throws MalformedRecord.
 */
export class RpmHeader {
  readonly #data: Buffer;
  readonly #from: number;
  readonly #entries = new Map<number, Entry>();

  constructor(bytes: Uint8Array) {
    const blob = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (blob.length < 8) throw new MalformedRecord('a header is cut off');
    const tags = blob.readUInt32BE(0);
    const from = 8 + tags * ENTRY;
    const to = from + blob.readUInt32BE(4);
    if (tags > MAX_TAGS || to > blob.length) throw new MalformedRecord('a header is cut off');
    for (let at = 8; at < from; at += ENTRY) {
      const tag = blob.readUInt32BE(at);
      const entry = {
        type: blob.readUInt32BE(at + 4),
        offset: blob.readUInt32BE(at + 8),
        count: blob.readUInt32BE(at + 12),
      };
      if (!this.#entries.has(tag)) this.#entries.set(tag, entry);
    }
    this.#data = blob.subarray(from, to);
    this.#from = from;
  }

  /** The place of a tag's number in the header; undefined if it has none or several. */
  placeOf(tag: number): number | undefined {
    const entry = this.#entries.get(tag);
    if (entry?.type !== INT32 || entry.count !== 1) return undefined;
    if (entry.offset + 4 > this.#data.length)
      throw new MalformedRecord('a header counts more than it contains');
    return this.#from + entry.offset;
  }

  text(tag: number): string | undefined {
    return this.strings(tag, 1)[0];
  }

  integer(tag: number): number | undefined {
    return this.integers(tag)[0];
  }

  integers(tag: number): readonly number[] {
    const entry = this.#entries.get(tag);
    if (entry?.type !== INT32) return [];
    const { offset, count } = entry;
    if (count > MAX_ITEMS || offset + 4 * count > this.#data.length)
      throw new MalformedRecord('a header counts more than it contains');
    return Array.from({ length: count }, (_, i) => this.#data.readUInt32BE(offset + 4 * i));
  }

  strings(tag: number, most = MAX_ITEMS): readonly string[] {
    const entry = this.#entries.get(tag);
    if (entry === undefined || !STRINGS.has(entry.type)) return [];
    if (entry.count > MAX_ITEMS) throw new MalformedRecord('a header counts more than it contains');
    const found: string[] = [];
    let at = entry.offset;
    while (found.length < Math.min(entry.count, most)) {
      const end = at < this.#data.length ? this.#data.indexOf(0, at) : -1;
      if (end < 0) throw new MalformedRecord('a header counts more than it contains');
      found.push(this.#data.toString('utf8', at, end));
      at = end + 1;
    }
    return found;
  }
}
