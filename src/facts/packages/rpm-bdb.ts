import { MalformedRecord } from '../../formats/malformed-record.ts';

/** Berkeley DB's dbinc/db_page.h: numbers are in the byte order of the machine that wrote them. */
const HASH_MAGIC = 0x061561;
const PAGE_HEADER = 26;
const PAGE = { hashUnsorted: 2, hash: 13 } as const;
const ITEM = { inline: 1, offPage: 3 } as const;

/** Header blobs of `Packages`, a Berkeley DB hash (rpm 4.16 and older). Throws MalformedRecord. */
export function* bdbValues(bytes: Uint8Array): Generator<Uint8Array> {
  const file = new HashFile(bytes);
  for (let page = 1; page < file.pages; page += 1) yield* file.valuesOf(page);
}

class HashFile {
  readonly pages: number;
  readonly #file: Buffer;
  readonly #little: boolean;
  readonly #size: number;
  readonly #seen = new Set<number>();

  constructor(bytes: Uint8Array) {
    this.#file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#file.length < 512) throw new MalformedRecord('it is not a Berkeley DB database');
    this.#little = this.#file.readUInt32LE(12) === HASH_MAGIC;
    if (!this.#little && this.#file.readUInt32BE(12) !== HASH_MAGIC)
      throw new MalformedRecord('it is not a Berkeley DB hash database');
    if (this.#file.readUInt8(24) !== 0) throw new MalformedRecord('it is encrypted');
    this.#size = this.#u32(this.#file, 20);
    if (this.#size < 512 || this.#size > 65_536 || (this.#size & (this.#size - 1)) !== 0)
      throw new MalformedRecord('its page size is none');
    const counted = this.#u32(this.#file, 32) + 1;
    if (counted * this.#size > this.#file.length) throw new MalformedRecord('it is cut off');
    this.pages = counted;
  }

  *valuesOf(number: number): Generator<Uint8Array> {
    const page = this.#page(number);
    const type = page.readUInt8(25);
    if (type !== PAGE.hash && type !== PAGE.hashUnsorted) return;
    const items = this.#u16(page, 20);
    if (PAGE_HEADER + 2 * items > this.#size)
      throw new MalformedRecord('a page counts more than it contains');
    // Keys and values take turns.
    for (let item = 1; item < items; item += 2) {
      const at = this.#u16(page, PAGE_HEADER + 2 * item);
      const before = this.#u16(page, PAGE_HEADER + 2 * (item - 1));
      if (at < PAGE_HEADER || at + 1 > before || before > this.#size)
        throw new MalformedRecord('an item lies outside its page');
      const kind = page.readUInt8(at);
      if (kind === ITEM.inline) yield page.subarray(at + 1, before);
      else if (kind !== ITEM.offPage) throw new MalformedRecord('an item is of another kind');
      else if (at + 12 > this.#size) throw new MalformedRecord('an item lies outside its page');
      else yield this.#chain(this.#u32(page, at + 4), this.#u32(page, at + 8));
    }
  }

  /** A value that lies in pages of its own, each naming the next. */
  #chain(first: number, length: number): Uint8Array {
    if (length > this.#file.length) throw new MalformedRecord('a value is larger than the file');
    const parts: Uint8Array[] = [];
    let left = length;
    for (let next = first; left > 0;) {
      if (next === 0 || this.#seen.has(next)) throw new MalformedRecord('its pages go in a loop');
      this.#seen.add(next);
      const page = this.#page(next);
      const held = this.#u16(page, 22);
      if (held === 0 || PAGE_HEADER + held > this.#size)
        throw new MalformedRecord('a page counts more than it contains');
      const part = page.subarray(PAGE_HEADER, PAGE_HEADER + Math.min(held, left));
      parts.push(part);
      left -= part.length;
      next = this.#u32(page, 16);
    }
    return Buffer.concat(parts);
  }

  #page(number: number): Buffer {
    if (number >= this.pages) throw new MalformedRecord('a page lies outside the file');
    return this.#file.subarray(number * this.#size, (number + 1) * this.#size);
  }

  #u16(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  #u32(bytes: Buffer, at: number): number {
    return this.#little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }
}
