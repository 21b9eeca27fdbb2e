import { MalformedRecord } from './record.ts';

/** A column: text and blobs as their bytes. */
export type SqlValue = number | null | Uint8Array;

const INTERIOR = 5;
const LEAF = 13;
const MAGIC = 'SQLite format 3\0';
const MAX_DEPTH = 40;

/**
 * Rows of a table of an SQLite database (the file format of sqlite.org/fileformat2.html, sections 1.3 to 2.1), in the order of their
 * row ids. Every page is visited once, so that pages in a loop end it. Throws MalformedRecord.
 */
export function* sqliteRows(file: Uint8Array, table: string): Generator<readonly SqlValue[]> {
  const pages = new Pages(file);
  for (const [type, name, , root] of pages.rows(1))
    if (asText(type) === 'table' && asText(name) === table && typeof root === 'number') {
      yield* pages.rows(root);
      return;
    }
  throw new MalformedRecord(`it has no table ${table}`);
}

function asText(value: SqlValue | undefined): string | undefined {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : undefined;
}

class Pages {
  readonly #file: Buffer;
  readonly #size: number;
  /** Bytes of a page that hold content (section 1.3.4). */
  readonly #usable: number;
  readonly #seen = new Set<number>();

  constructor(file: Uint8Array) {
    this.#file = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
    if (this.#file.length < 512 || this.#file.toString('latin1', 0, 16) !== MAGIC)
      throw new MalformedRecord('it is no SQLite database');
    const size = this.#file.readUInt16BE(16);
    this.#size = size === 1 ? 65_536 : size;
    this.#usable = this.#size - this.#file.readUInt8(20);
    if (this.#size < 512 || (this.#size & (this.#size - 1)) !== 0 || this.#usable < 480)
      throw new MalformedRecord('its page size is none');
  }

  *rows(root: number, depth = 0): Generator<readonly SqlValue[]> {
    if (depth > MAX_DEPTH) throw new MalformedRecord('its tree is too deep');
    const page = this.#page(root);
    // Page 1 begins with the file's header.
    const at = root === 1 ? 100 : 0;
    const kind = page.readUInt8(at);
    const cells = page.readUInt16BE(at + 3);
    if (kind !== INTERIOR && kind !== LEAF) throw new MalformedRecord('a page is of another kind');
    const list = at + (kind === INTERIOR ? 12 : 8);
    if (list + 2 * cells > this.#size)
      throw new MalformedRecord('a page counts more than it holds');
    for (let i = 0; i < cells; i += 1) {
      const cell = page.readUInt16BE(list + 2 * i);
      if (cell + 4 > this.#size) throw new MalformedRecord('a cell lies outside its page');
      if (kind === LEAF) yield record(this.#payload(page, cell));
      else yield* this.rows(page.readUInt32BE(cell), depth + 1);
    }
    if (kind === INTERIOR) yield* this.rows(page.readUInt32BE(at + 8), depth + 1);
  }

  #page(number: number): Buffer {
    const from = (number - 1) * this.#size;
    if (number < 1 || from + this.#size > this.#file.length)
      throw new MalformedRecord('a page lies outside the file');
    if (this.#seen.has(number)) throw new MalformedRecord('its pages go in a loop');
    this.#seen.add(number);
    return this.#file.subarray(from, from + this.#size);
  }

  /** A cell's content, the part of it that lies in overflow pages put together (section 1.6). */
  #payload(page: Buffer, cell: number): Buffer {
    const [length, afterLength] = varint(page, cell);
    const [, start] = varint(page, afterLength);
    if (length > this.#file.length) throw new MalformedRecord('a row is larger than the file');
    const largest = this.#usable - 35;
    const smallest = Math.floor(((this.#usable - 12) * 32) / 255) - 23;
    const spilled = smallest + ((length - smallest) % (this.#usable - 4));
    const local = length <= largest ? length : spilled <= largest ? spilled : smallest;
    if (start + local > this.#size) throw new MalformedRecord('a cell lies outside its page');
    if (local === length) return page.subarray(start, start + length);
    const parts = [page.subarray(start, start + local)];
    let left = length - local;
    let next = start + local + 4 > this.#size ? 0 : page.readUInt32BE(start + local);
    while (left > 0) {
      const overflow = this.#page(next);
      const take = Math.min(left, this.#usable - 4);
      parts.push(overflow.subarray(4, 4 + take));
      left -= take;
      next = overflow.readUInt32BE(0);
    }
    return Buffer.concat(parts);
  }
}

/** A row's columns (section 2.1). */
function record(payload: Buffer): readonly SqlValue[] {
  const [headerSize, first] = varint(payload, 0);
  const values: SqlValue[] = [];
  let body = headerSize;
  for (let at = first; at < headerSize;) {
    const [type, next] = varint(payload, at);
    at = next;
    const size = sizeOf(type);
    if (body + size > payload.length) throw new MalformedRecord('a row counts more than it holds');
    values.push(valueOf(type, payload.subarray(body, body + size)));
    body += size;
  }
  return values;
}

function sizeOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? 0;
}

function valueOf(type: number, bytes: Buffer): SqlValue {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type >= 12) return bytes;
  if (type === 7) return bytes.readDoubleBE(0);
  return type === 6 ? Number(bytes.readBigInt64BE(0)) : bytes.readIntBE(0, bytes.length);
}

/** A number of 1 to 9 bytes, and where it ends (section 1.6). What does not fit a double is larger than any file. */
function varint(bytes: Buffer, start: number): readonly [value: number, end: number] {
  let value = 0;
  for (let i = 0; i < 9; i += 1) {
    const byte = bytes[start + i];
    if (byte === undefined) throw new MalformedRecord('a row is cut off');
    if (i === 8) return [value * 256 + byte, start + 9];
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) === 0) return [value, start + i + 1];
  }
  return [value, start + 9];
}
