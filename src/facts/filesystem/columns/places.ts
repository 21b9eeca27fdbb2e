import { joined } from '../../../model/path.ts';
import type { PathKind } from '../path-list.ts';
import type { Columns } from './kept-columns.ts';
import { grown, NAME_COLUMNS, NameTable } from './name-table.ts';
import { byPath } from './place-order.ts';

export type PlaceKind = PathKind;

/** Instead of a number: no place, or nothing known. */
export const NONE = -1;

const KINDS: readonly PlaceKind[] = ['f', 'd', 'l', 'h', 'x', 'w', 'o'];
const CODES: Readonly<Record<PlaceKind, number>> = { f: 0, d: 1, l: 2, h: 3, x: 4, w: 5, o: 6 };
/** Beside the kind of what was removed or replaced: it may still be what a hard link shares. */
const GONE = 0x80;

/** What is known of a place besides its name. */
export interface PlaceContent {
  readonly kind: PlaceKind;
  readonly size: number;
  /** By whom it was put there. */
  readonly by: number;
  /** Where its attributes are kept. */
  readonly attributes: number;
  /** Of a symbolic link where its text is kept, of a hard link the place it shares. */
  readonly target: number;
}

/** All places of some layers, for another run that puts others on them. */
export const PLACE_COLUMNS = {
  ...NAME_COLUMNS,
  kinds: 'u8',
  sizes: 'f64',
  by: 'u32',
  attributes: 'i32',
  targets: 'i32',
} as const;
type PlaceColumns = Columns<typeof PLACE_COLUMNS>;

/** Named places in folders, in columns: an object each for a million of them takes 200 MB. */
export class Places {
  readonly #names: NameTable;
  #kinds: Uint8Array;
  #sizes: Float64Array;
  #by: Uint32Array;
  #attributes: Int32Array;
  #targets: Int32Array;
  /** The folder whose path was last asked for: places are gone through folder by folder. */
  #pathFolder = NONE;
  #path = '';

  /** `expected`: places that there will be, about. */
  constructor(expected: number) {
    this.#names = new NameTable(expected);
    const { capacity } = this.#names;
    this.#kinds = new Uint8Array(capacity);
    this.#sizes = new Float64Array(capacity);
    this.#by = new Uint32Array(capacity);
    this.#attributes = new Int32Array(capacity);
    this.#targets = new Int32Array(capacity);
  }

  keep(): PlaceColumns {
    const names = this.#names.keep();
    const { size } = names;
    return {
      ...names,
      kinds: this.#kinds.subarray(0, size),
      sizes: this.#sizes.subarray(0, size),
      by: this.#by.subarray(0, size),
      attributes: this.#attributes.subarray(0, size),
      targets: this.#targets.subarray(0, size),
    };
  }

  /** Takes what `keep` gave in place of what it holds. */
  restore(kept: PlaceColumns): void {
    this.#names.restore(kept);
    this.#take(kept);
  }

  /** Numbers given, those of what is gone among them. */
  get size(): number {
    return this.#names.size;
  }

  addRoot(): number {
    return this.#fill(this.#names.addRoot(), folderBy(0));
  }

  /** What stands in the folder under the name; NONE where nothing does. */
  find(folder: number, name: string): number {
    const found = this.#names.find(folder, name);
    return found === NONE || this.#isGone(found) ? NONE : found;
  }

  /** Puts something there, in place of what `before` says stands there. */
  put(folder: number, name: string, before: number, content: PlaceContent): number {
    this.remove(before);
    return this.#fill(this.#names.add(folder, name), content);
  }

  putFolder(folder: number, name: string, before: number, by: number): number {
    return this.put(folder, name, before, folderBy(by));
  }

  /** Takes away what stands there, with all that it holds. */
  remove(place: number): void {
    if (place !== NONE) this.#kinds[place] = (this.#kinds[place] ?? 0) | GONE;
  }

  /** The same place as somebody else puts it there: what it holds stays. */
  putBy(place: number, by: number): void {
    this.#by[place] = by;
  }

  describe(place: number, attributes: number): void {
    this.#attributes[place] = attributes;
  }

  makeOpaque(folder: number): void {
    this.#kinds[folder] = CODES.o;
  }

  kindOf(place: number): PlaceKind {
    return KINDS[(this.#kinds[place] ?? 0) & ~GONE] ?? 'x';
  }

  sizeOf(place: number): number {
    return this.#sizes[place] ?? 0;
  }

  by(place: number): number {
    return this.#by[place] ?? 0;
  }

  attributesAt(place: number): number {
    return place === NONE ? NONE : (this.#attributes[place] ?? NONE);
  }

  targetOf(place: number): number {
    return this.#targets[place] ?? NONE;
  }

  /** The folder of a place; NONE for the root. */
  folderOf(place: number): number {
    return this.#names.folderOf(place);
  }

  /** From the root, '' for the root itself. */
  pathOf(place: number): string {
    const folder = this.#names.folderOf(place);
    if (folder === NONE) return '';
    if (folder !== this.#pathFolder) {
      this.#path = this.#folderPath(folder);
      this.#pathFolder = folder;
    }
    return joined(this.#path, this.#names.nameOf(place));
  }

  /** The last part of the path. */
  nameOf(place: number): string {
    return this.#names.nameOf(place);
  }

  /** The places by path, as `<` orders their paths. */
  inOrder(places: readonly number[]): Int32Array {
    const names = this.#names;
    return byPath(places, {
      folderOf: (place) => names.folderOf(place),
      nameOf: (place) => names.nameOf(place),
      pathOf: (place) => this.#folderPath(place),
      compareNames: (a, b) => names.compareNames(a, b),
    });
  }

  /**
   * 1 for each place that exists: neither it nor a folder above it is gone. A folder's number is
   * below those of its contents.
   */
  areThere(): Uint8Array {
    const there = new Uint8Array(this.#names.size);
    for (let place = 0; place < there.length; place += 1) {
      if (this.#isGone(place)) continue;
      const folder = this.#names.folderOf(place);
      there[place] = folder === NONE ? 1 : (there[folder] ?? 0);
    }
    return there;
  }

  #isGone(place: number): boolean {
    return ((this.#kinds[place] ?? 0) & GONE) !== 0;
  }

  #folderPath(folder: number): string {
    const names: string[] = [];
    for (let at = folder; this.#names.folderOf(at) !== NONE; at = this.#names.folderOf(at))
      names.push(this.#names.nameOf(at));
    return names.reverse().join('/');
  }

  #fill(place: number, { kind, size, by, attributes, target }: PlaceContent): number {
    if (place >= this.#kinds.length) this.#grow();
    this.#kinds[place] = CODES[kind];
    this.#sizes[place] = size;
    this.#by[place] = by;
    this.#attributes[place] = attributes;
    this.#targets[place] = target;
    return place;
  }

  #grow(): void {
    this.#take({
      kinds: this.#kinds,
      sizes: this.#sizes,
      by: this.#by,
      attributes: this.#attributes,
      targets: this.#targets,
    });
  }

  /** The columns, with room for as many places as there may be names. */
  #take(columns: Omit<PlaceColumns, keyof typeof NAME_COLUMNS>): void {
    const { capacity } = this.#names;
    this.#kinds = grown(columns.kinds, new Uint8Array(capacity));
    this.#sizes = grown(columns.sizes, new Float64Array(capacity));
    this.#by = grown(columns.by, new Uint32Array(capacity));
    this.#attributes = grown(columns.attributes, new Int32Array(capacity));
    this.#targets = grown(columns.targets, new Int32Array(capacity));
  }
}

function folderBy(by: number): PlaceContent {
  return { kind: 'd', size: 0, by, attributes: NONE, target: NONE };
}
