import type { Digest } from '../../model/digest.ts';
import type { FileAttributes, PlacedLayer } from '../layer-facts.ts';
import { grown } from './grown-array.ts';
import { type NAME_COLUMNS, NameTable } from './name-table.ts';
import type { PathKind } from './path-list.ts';
import type { PlaceColumns } from './place-columns.ts';
import { byPath } from './place-order.ts';
import { joined } from './root-path.ts';
import { ToldByLayers } from './told-by-layers.ts';

export type PlaceKind = Exclude<PathKind, 'w' | 'o'>;

/** In place of a number: no place, or nothing told. */
export const NONE = -1;

const KINDS: readonly PlaceKind[] = ['f', 'd', 'l', 'h', 'x'];
const CODES: Readonly<Record<PlaceKind, number>> = { f: 0, d: 1, l: 2, h: 3, x: 4 };
/** Beside the kind of what was removed or replaced: it may still be what a hard link shares. */
const GONE = 0x80;
/** Hard links to hard links: what a layer lists so is one step each. */
const MOST_HOPS = 40;

/** What a layer says of a place. */
interface Content {
  readonly kind: PlaceKind;
  readonly size: number;
  /** By its place among the layers. */
  readonly layer: number;
  /** Where the layer's path list tells the attributes. */
  readonly attributes: number;
  /** Of a symbolic link where the list tells its text, of a hard link the place it shares. */
  readonly target: number;
}

/** All places of a filesystem, in columns: an object each for a million of them takes 200 MB. */
export class TreePlaces {
  readonly #layers: readonly PlacedLayer[];
  readonly #names: NameTable;
  #kinds: Uint8Array;
  #sizes: Float64Array;
  #of: Uint32Array;
  #attributes: Int32Array;
  #targets: Int32Array;
  readonly #told: ToldByLayers;
  /** The folder whose path was last asked for: places are gone through folder by folder. */
  #pathFolder = NONE;
  #path = '';

  /** `expected`: places that there will be, about. */
  constructor(layers: readonly PlacedLayer[], expected: number) {
    this.#layers = layers;
    this.#told = new ToldByLayers(layers);
    this.#names = new NameTable(expected);
    const { capacity } = this.#names;
    this.#kinds = new Uint8Array(capacity);
    this.#sizes = new Float64Array(capacity);
    this.#of = new Uint32Array(capacity);
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
      of: this.#of.subarray(0, size),
      attributes: this.#attributes.subarray(0, size),
      targets: this.#targets.subarray(0, size),
    };
  }

  /** Takes what `keep` gave, of the same lowest layers, in place of what it holds. */
  restore(kept: PlaceColumns): void {
    this.#names.restore(kept);
    this.#take(kept);
  }

  addRoot(): number {
    return this.#fill(this.#names.addRoot(), folderOf(0));
  }

  /** What stands in the folder under the name; NONE where nothing does. */
  find(folder: number, name: string): number {
    const found = this.#names.find(folder, name);
    return found === NONE || this.#isGone(found) ? NONE : found;
  }

  /** Puts something there, in place of what `before` says stands there. */
  put(folder: number, name: string, before: number, content: Content): number {
    this.remove(before);
    return this.#fill(this.#names.add(folder, name), content);
  }

  putFolder(folder: number, name: string, before: number, layer: number): number {
    return this.put(folder, name, before, folderOf(layer));
  }

  remove(place: number): void {
    if (place !== NONE) this.#kinds[place] = (this.#kinds[place] ?? 0) | GONE;
  }

  /** The folder again, with nothing in it. */
  emptied(folder: number): number {
    const layer = this.#of[folder] ?? 0;
    const parent = this.#names.folderOf(folder);
    if (parent !== NONE) return this.putFolder(parent, this.#names.nameOf(folder), folder, layer);
    this.remove(folder);
    return this.#fill(this.#names.addRoot(), folderOf(layer));
  }

  /** The same place as another layer lists it: what it holds stays. */
  listedBy(place: number, layer: number): void {
    this.#of[place] = layer;
  }

  kindOf(place: number): PlaceKind {
    return KINDS[(this.#kinds[place] ?? 0) & ~GONE] ?? 'x';
  }

  sizeOf(place: number): number {
    return this.#sizes[place] ?? 0;
  }

  layerOf(place: number): Digest {
    return this.#layers[this.#of[place] ?? 0]?.digest ?? ('' as Digest);
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

  /** What a layer tells of it besides its path; undefined where it does not. */
  attributesOf(place: number): FileAttributes | undefined {
    const at = place === NONE ? NONE : (this.#attributes[place] ?? NONE);
    return at === NONE ? undefined : this.#told.attributesAt(this.#of[place] ?? 0, at);
  }

  /** Where a symbolic link leads. */
  linkOf(place: number): string {
    return this.linkTold(this.#of[place] ?? 0, this.#targets[place] ?? NONE);
  }

  linkTold(layer: number, at: number): string {
    return at === NONE ? '' : this.#told.linkAt(layer, at);
  }

  /** The place that a hard link shares, as it was when that was unpacked. */
  sharedBy(place: number): number {
    return this.kindOf(place) === 'h' ? (this.#targets[place] ?? NONE) : NONE;
  }

  /** The regular file of note whose bytes a place gives, hard links followed to where the bytes are; NONE where no more is known of it. */
  contentOf(place: number): number {
    let at = place;
    for (let hops = 0; at !== NONE && hops < MOST_HOPS; hops += 1) {
      if (this.kindOf(at) === 'f') return this.#attributes[at] === NONE ? NONE : at;
      at = this.sharedBy(at);
    }
    return NONE;
  }

  /** 1 for each place that is there: neither it nor a folder above it is gone. A folder's number is below those of what it holds. */
  areThere(root: number): Uint8Array {
    const there = new Uint8Array(this.#names.size);
    there[root] = 1;
    for (let place = 0; place < there.length; place += 1) {
      const folder = this.#names.folderOf(place);
      if (folder !== NONE && !this.#isGone(place)) there[place] = there[folder] ?? 0;
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

  #fill(place: number, { kind, size, layer, attributes, target }: Content): number {
    if (place >= this.#kinds.length) this.#grow();
    this.#kinds[place] = CODES[kind];
    this.#sizes[place] = size;
    this.#of[place] = layer;
    this.#attributes[place] = attributes;
    this.#targets[place] = target;
    return place;
  }

  #grow(): void {
    this.#take({
      kinds: this.#kinds,
      sizes: this.#sizes,
      of: this.#of,
      attributes: this.#attributes,
      targets: this.#targets,
    });
  }

  /** The columns, with room for as many places as there may be names. */
  #take(columns: Omit<PlaceColumns, keyof typeof NAME_COLUMNS>): void {
    const { capacity } = this.#names;
    this.#kinds = grown(columns.kinds, new Uint8Array(capacity));
    this.#sizes = grown(columns.sizes, new Float64Array(capacity));
    this.#of = grown(columns.of, new Uint32Array(capacity));
    this.#attributes = grown(columns.attributes, new Int32Array(capacity));
    this.#targets = grown(columns.targets, new Int32Array(capacity));
  }
}

function folderOf(layer: number): Content {
  return { kind: 'd', size: 0, layer, attributes: NONE, target: NONE };
}
