import type { Columns } from './kept-columns.ts';
import { encodeCharacter, NamePages, withCode } from './name-pages.ts';

const NOWHERE = -1;
/** How long the smallest array is that grows. */
const SMALLEST = 1024;

/** All that a table holds, for another run. */
export const NAME_COLUMNS = {
  size: 'number',
  pageEnd: 'number',
  used: 'number',
  factor: 'number',
  folders: 'i32',
  places: 'u32',
  slots: 'i32',
  pages: 'u8',
} as const;
type NameColumns = Columns<typeof NAME_COLUMNS>;

/**
 * Names in folders, each with a number, in a few large arrays: a million of them take 40 MB and not
 * 200. A folder is the number of its own name; the first is the root's, which is in no folder. What
 * takes another's place in a folder gets a number of its own, and the other keeps its name.
 */
export class NameTable {
  /** Numbers given. */
  size = 0;
  #folders: Int32Array;
  /** Where each name begins in the pages. */
  #places: Uint32Array;
  readonly #pages = new NamePages();
  /** Numbers of names by their hash, 1 added; 0 where none is. */
  #slots: Int32Array;
  #used = 0;
  /** Secret, so that no layer can be made whose names all fall on one place. */
  #factor = Math.floor(Math.random() * 2 ** 31) * 2 + 1;
  /** The name last asked for: its bytes, their number and hash, and its slot in the folder. */
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

  /** The hash's secret is part of it: it is to be kept where no image is written from. */
  keep(): NameColumns {
    return {
      size: this.size,
      pageEnd: this.#pages.end,
      used: this.#used,
      factor: this.#factor,
      folders: this.#folders.subarray(0, this.size),
      places: this.#places.subarray(0, this.size),
      slots: this.#slots,
      pages: this.#pages.keep(),
    };
  }

  /** Takes what `keep` gave in place of what it holds. */
  restore(kept: NameColumns): void {
    const capacity = Math.max(this.capacity, kept.size + 1);
    this.#folders = grown(kept.folders, new Int32Array(capacity));
    this.#places = grown(kept.places, new Uint32Array(capacity));
    this.#slots = kept.slots;
    this.size = kept.size;
    this.#pages.restore(kept.pages, kept.pageEnd);
    this.#used = kept.used;
    this.#factor = kept.factor;
    this.#askedFolder = NOWHERE;
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
    return this.#pages.nameAt(this.#places[number] ?? 0);
  }

  /** Below 0 where the first one's name comes first, as `<` orders names. */
  compareNames(a: number, b: number): number {
    return this.#pages.compare(this.#places[a] ?? 0, this.#places[b] ?? 0);
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

  /** Leaves the name's bytes and hash in #scratch and #hash. */
  #encode(name: string, folder: number): void {
    if (this.#scratch.length < 3 * name.length) this.#scratch = new Uint8Array(3 * name.length);
    const bytes = this.#scratch;
    const factor = this.#factor;
    let hash = Math.imul(folder ^ factor, factor);
    let length = 0;
    for (let at = 0; at < name.length; at += 1) {
      const code = name.charCodeAt(at);
      hash = withCode(hash, code, factor);
      length = encodeCharacter(bytes, length, code);
    }
    this.#length = length;
    this.#isWide = length > name.length;
    this.#hash = mixed(hash, factor);
  }

  /** As `#encode` finds it of a name and its folder. */
  #hashOf(number: number): number {
    const factor = this.#factor;
    const start = Math.imul(this.folderOf(number) ^ factor, factor);
    return mixed(this.#pages.hashAt(this.#places[number] ?? 0, start, factor), factor);
  }

  #isAsked(number: number): boolean {
    return this.#pages.isAt(this.#places[number] ?? 0, this.#scratch, this.#length);
  }

  #append(folder: number): number {
    const place = this.#pages.add(this.#scratch, this.#length, this.#isWide);
    if (this.size === this.#folders.length) this.#grow();
    this.#folders[this.size] = folder;
    this.#places[this.size] = place;
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
      let slot = this.#hashOf(taken - 1) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = taken;
    }
    this.#askedFolder = NOWHERE;
  }
}

function mixed(hash: number, factor: number): number {
  const last = Math.imul(hash, factor);
  return last ^ (last >>> 13);
}

function slotsFor(numbers: number): number {
  return 2 ** Math.ceil(Math.log2(2 * numbers));
}

/** How long an array gets that `length` has become too short for. */
function grownLength(length: number): number {
  return Math.max(SMALLEST, Math.ceil(length * 1.5));
}

/** `longer` with the numbers of `array` at its beginning. */
export function grown<T extends { set(array: T): void }>(array: T, longer: T): T {
  longer.set(array);
  return longer;
}
