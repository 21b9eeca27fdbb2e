import { UserError } from '../../model/errors.ts';

const PAGE_BITS = 18;
const PAGE_BYTES = 2 ** PAGE_BITS;
const IN_PAGE = PAGE_BYTES - 1;
/** 1 GiB of names: places are numbers of 32 bits. */
const MOST_PAGES = 4096;
/** Marks a character of two bytes; one of 0xff is written so too. */
const WIDE = 0xff;
/** In the length of a name that has such characters. */
const HAS_WIDE = 0x8000;
const SMALLEST = 1024;
const NOWHERE = -1;
const NO_PAGE = Buffer.alloc(2);

/**
 * Names in folders, each with a number, in a few large arrays: a million of them take 40 MB and not 200. A folder is the number of its own
 * name; the first is the root's, which is in no folder. What takes another's place in a folder gets a number of its own, and the other
 * keeps its name.
 */
export class NameTable {
  /** Numbers given. */
  size = 0;
  #folders: Int32Array;
  /** Where each name begins in the pages: two bytes of length, then its bytes. */
  #places: Uint32Array;
  readonly #pages: Buffer[] = [];
  #pageEnd = PAGE_BYTES;
  /** Numbers of names by their hash, 1 added; 0 where none is. */
  #slots: Int32Array;
  #used = 0;
  /** Secret, so that no layer can be made whose names all fall on one place. */
  readonly #factor = Math.floor(Math.random() * 2 ** 31) * 2 + 1;
  /** The name that was last asked for: its bytes, their number and hash, and the slot of it in the folder. */
  #scratch: Uint8Array = new Uint8Array(1024);
  #length = 0;
  #isWide = false;
  #hash = 0;
  #slot = 0;
  #askedFolder = NOWHERE;
  #asked = '';

  /** `expected`: numbers that will be given, where known. */
  constructor(expected = 0) {
    const capacity = Math.max(SMALLEST, expected + 1);
    this.#folders = new Int32Array(capacity);
    this.#places = new Uint32Array(capacity);
    this.#slots = new Int32Array(slotsFor(capacity));
  }

  /** How many numbers there is room for; it grows as names are added. */
  get capacity(): number {
    return this.#folders.length;
  }

  /** A number for something that stands in no folder. */
  addRoot(): number {
    this.#askedFolder = NOWHERE;
    this.#encode('', NOWHERE);
    return this.#append(NOWHERE);
  }

  /** The number that stands for the name in the folder; -1 where none ever did. */
  find(folder: number, name: string): number {
    this.#ask(folder, name);
    return (this.#slots[this.#slot] ?? 0) - 1;
  }

  /** A new number for the name in the folder, which stands there in place of any before. */
  add(folder: number, name: string): number {
    if (2 * (this.#used + 1) > this.#slots.length) this.#rehash();
    // Who adds a name has mostly asked for it before.
    if (folder !== this.#askedFolder || name !== this.#asked) this.#ask(folder, name);
    const slot = this.#slot;
    if (this.#slots[slot] === 0) this.#used += 1;
    const number = this.#append(folder);
    this.#slots[slot] = number + 1;
    return number;
  }

  /** The folder that a name is in; -1 for the root. */
  folderOf(number: number): number {
    return this.#folders[number] ?? NOWHERE;
  }

  nameOf(number: number): string {
    const page = this.#pageOf(number);
    const start = this.#startOf(number);
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

  /** Below 0 where the first one's name comes first, as `<` orders names: so do the bytes. */
  compareNames(a: number, b: number): number {
    const one = this.#pageOf(a);
    const other = this.#pageOf(b);
    const start = this.#startOf(a);
    const from = this.#startOf(b);
    const difference = lengthAt(one, start) - lengthAt(other, from);
    const end = 2 + lengthAt(difference < 0 ? one : other, difference < 0 ? start : from);
    for (let at = 2; at < end; at += 1) {
      const step = (one[start + at] ?? 0) - (other[from + at] ?? 0);
      if (step !== 0) return step;
    }
    return difference;
  }

  #ask(folder: number, name: string): void {
    this.#askedFolder = folder;
    this.#asked = name;
    this.#encode(name, folder);
    const mask = this.#slots.length - 1;
    let slot = this.#hash & mask;
    for (let number = this.#slots[slot] ?? 0; number > 0; number = this.#slots[slot] ?? 0) {
      if (this.#folders[number - 1] === folder && this.#isAsked(number - 1)) break;
      slot = (slot + 1) & mask;
    }
    this.#slot = slot;
  }

  /** Leaves the name's bytes in #scratch: one for most characters, so that names of three letters do not take six. */
  #encode(name: string, folder: number): void {
    if (this.#scratch.length < 3 * name.length) this.#scratch = new Uint8Array(3 * name.length);
    const bytes = this.#scratch;
    const factor = this.#factor;
    let hash = Math.imul(folder ^ factor, factor);
    let length = 0;
    for (let at = 0; at < name.length; at += 1) {
      const code = name.charCodeAt(at);
      hash = Math.imul(hash ^ code, factor);
      hash ^= hash >>> 15;
      if (code >= WIDE) {
        bytes[length++] = WIDE;
        bytes[length++] = code >> 8;
      }
      bytes[length++] = code & 0xff;
    }
    this.#length = length;
    this.#isWide = length > name.length;
    this.#hash = mixed(hash, factor);
  }

  #isAsked(number: number): boolean {
    const page = this.#pageOf(number);
    const start = this.#startOf(number);
    const length = this.#length;
    if (lengthAt(page, start) !== length) return false;
    for (let at = 0; at < length; at += 1)
      if (page[start + 2 + at] !== this.#scratch[at]) return false;
    return true;
  }

  #pageOf(number: number): Buffer {
    return this.#pages[(this.#places[number] ?? 0) >>> PAGE_BITS] ?? NO_PAGE;
  }

  #startOf(number: number): number {
    return (this.#places[number] ?? 0) & IN_PAGE;
  }

  #append(folder: number): number {
    const length = this.#length;
    if (length >= HAS_WIDE) throw new UserError('a name in the image is too long');
    if (this.#pageEnd + 2 + length > PAGE_BYTES) {
      if (this.#pages.length === MOST_PAGES)
        throw new UserError('the layers of the image hold more than 1 GiB of names');
      this.#pages.push(Buffer.alloc(PAGE_BYTES));
      this.#pageEnd = 0;
    }
    const page = this.#pages.at(-1) ?? NO_PAGE;
    if (this.size === this.#folders.length) this.#grow();
    const start = this.#pageEnd;
    this.#folders[this.size] = folder;
    this.#places[this.size] = (this.#pages.length - 1) * PAGE_BYTES + start;
    page[start] = (length | (this.#isWide ? HAS_WIDE : 0)) >> 8;
    page[start + 1] = length & 0xff;
    for (let at = 0; at < length; at += 1) page[start + 2 + at] = this.#scratch[at] ?? 0;
    this.#pageEnd += 2 + length;
    this.size += 1;
    return this.size - 1;
  }

  #grow(): void {
    this.#folders = grown(this.#folders, new Int32Array(grownLength(this.size)));
    this.#places = grown(this.#places, new Uint32Array(grownLength(this.size)));
  }

  #rehash(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(2 * before.length);
    const mask = this.#slots.length - 1;
    for (const taken of before) {
      if (taken === 0) continue;
      this.#encode(this.nameOf(taken - 1), this.folderOf(taken - 1));
      let slot = this.#hash & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = taken;
    }
    this.#askedFolder = NOWHERE;
  }
}

function lengthAt(page: Uint8Array, start: number): number {
  return (((page[start] ?? 0) & 0x7f) << 8) | (page[start + 1] ?? 0);
}

function isWideAt(page: Uint8Array, start: number): boolean {
  return ((page[start] ?? 0) & 0x80) !== 0;
}

function mixed(hash: number, factor: number): number {
  const last = Math.imul(hash, factor);
  return last ^ (last >>> 13);
}

/** How long an array gets that `length` has become too short for. */
export function grownLength(length: number): number {
  return Math.max(SMALLEST, Math.ceil(length * 1.5));
}

/** `longer` with the numbers of `array` at its beginning. */
export function grown<T extends { set(array: T): void }>(array: T, longer: T): T {
  longer.set(array);
  return longer;
}

function slotsFor(numbers: number): number {
  return 2 ** Math.ceil(Math.log2(2 * numbers));
}
