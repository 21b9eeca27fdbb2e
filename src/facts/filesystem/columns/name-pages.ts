import { UserError } from '../../../model/errors.ts';

const PAGE_BITS = 18;
const PAGE_BYTES = 2 ** PAGE_BITS;
const IN_PAGE = PAGE_BYTES - 1;
/** 1 GiB of names: places are numbers of 32 bits. */
const MOST_PAGES = 4096;
/** Marks a character of two bytes; one of 0xff is written so too. */
const WIDE = 0xff;
/** In the length of a name that has such characters. */
const HAS_WIDE = 0x8000;
const NO_PAGE = Buffer.alloc(2);

/** Names in large buffers, found by their start: two bytes of length, one for most characters. */
export class NamePages {
  #pages: Buffer[] = [];
  /** Bytes of the last page that are taken. */
  end = PAGE_BYTES;

  /** All pages, the last in whole. */
  keep(): Buffer {
    return Buffer.concat(this.#pages);
  }

  /** Takes what `keep` gave in place of what it holds. */
  restore({ buffer, byteOffset, byteLength }: Uint8Array, end: number): void {
    this.#pages = [];
    for (let at = 0; at < byteLength; at += PAGE_BYTES)
      this.#pages.push(Buffer.from(buffer, byteOffset + at, PAGE_BYTES));
    this.end = end;
  }

  /**
   * Writes a name and gives its place; `bytes` come from `encodeCharacter`. Throws UserError where
   * the name, or all names together, are too long.
   */
  add(bytes: Uint8Array, length: number, isWide: boolean): number {
    if (length >= HAS_WIDE) throw new UserError('a name in the image is too long');
    if (this.end + 2 + length > PAGE_BYTES) {
      if (this.#pages.length === MOST_PAGES)
        throw new UserError('the layers of the image contain more than 1 GiB of names');
      this.#pages.push(Buffer.alloc(PAGE_BYTES));
      this.end = 0;
    }
    const page = this.#pages.at(-1) ?? NO_PAGE;
    const start = this.end;
    page[start] = (length | (isWide ? HAS_WIDE : 0)) >> 8;
    page[start + 1] = length & 0xff;
    for (let at = 0; at < length; at += 1) page[start + 2 + at] = bytes[at] ?? 0;
    this.end += 2 + length;
    return (this.#pages.length - 1) * PAGE_BYTES + start;
  }

  nameAt(place: number): string {
    const page = this.#pageOf(place);
    const start = place & IN_PAGE;
    const length = lengthAt(page, start);
    if (!isWideAt(page, start)) return page.toString('latin1', start + 2, start + 2 + length);
    let name = '';
    for (let at = start + 2; at < start + 2 + length; at += 1) {
      const byte = page[at] ?? 0;
      if (byte !== WIDE) name += String.fromCharCode(byte);
      else {
        name += String.fromCharCode(((page[at + 1] ?? 0) << 8) | (page[at + 2] ?? 0));
        at += 2;
      }
    }
    return name;
  }

  /** `hash` with each character of the name, by `withCode`. */
  hashAt(place: number, hash: number, factor: number): number {
    const page = this.#pageOf(place);
    const start = (place & IN_PAGE) + 2;
    const end = start + lengthAt(page, start - 2);
    let found = hash;
    for (let at = start; at < end; at += 1) {
      let code = page[at] ?? 0;
      if (code === WIDE) {
        code = ((page[at + 1] ?? 0) << 8) | (page[at + 2] ?? 0);
        at += 2;
      }
      found = withCode(found, code, factor);
    }
    return found;
  }

  isAt(place: number, bytes: Uint8Array, length: number): boolean {
    const page = this.#pageOf(place);
    const start = place & IN_PAGE;
    if (lengthAt(page, start) !== length) return false;
    for (let at = 0; at < length; at += 1) if (page[start + 2 + at] !== bytes[at]) return false;
    return true;
  }

  /** Below 0 where the first one comes first, as `<` orders names: so do the bytes. */
  compare(a: number, b: number): number {
    const one = this.#pageOf(a);
    const other = this.#pageOf(b);
    const start = a & IN_PAGE;
    const from = b & IN_PAGE;
    const difference = lengthAt(one, start) - lengthAt(other, from);
    const end = 2 + lengthAt(difference < 0 ? one : other, difference < 0 ? start : from);
    for (let at = 2; at < end; at += 1) {
      const step = (one[start + at] ?? 0) - (other[from + at] ?? 0);
      if (step !== 0) return step;
    }
    return difference;
  }

  #pageOf(place: number): Buffer {
    return this.#pages[place >>> PAGE_BITS] ?? NO_PAGE;
  }
}

/** Writes a character, in one byte if its code is below 255, else in three. Gives the end. */
export function encodeCharacter(bytes: Uint8Array, at: number, code: number): number {
  let end = at;
  if (code >= WIDE) {
    bytes[end++] = WIDE;
    bytes[end++] = code >> 8;
  }
  bytes[end++] = code & 0xff;
  return end;
}

/** A name's hash with one more character. */
export function withCode(hash: number, code: number, factor: number): number {
  const next = Math.imul(hash ^ code, factor);
  return next ^ (next >>> 15);
}

function lengthAt(page: Uint8Array, start: number): number {
  return (((page[start] ?? 0) & 0x7f) << 8) | (page[start + 1] ?? 0);
}

function isWideAt(page: Uint8Array, start: number): boolean {
  return ((page[start] ?? 0) & 0x80) !== 0;
}
