import { crc32 } from 'node:zlib';
import type { PlacedLayer } from '../layer-facts.ts';
import { packColumns, unpackColumns } from './kept-columns.ts';
import { nextPart, type Rest } from './link-walk.ts';
import { hasMarks, type ListPlaces, type PathKind, readPathList } from './path-list.ts';
import { PLACE_COLUMNS } from './place-columns.ts';
import { fileName, joined, parentPath } from './root-path.ts';
import { tooMuch, TREE_LIMITS, type TreeLimits } from './tree-limits.ts';
import { TreeNode } from './tree-node.ts';
import { NONE, type PlaceKind, TreePlaces } from './tree-places.ts';

/** As Linux: a path that leads over more is taken for a loop. */
const MAX_LINKS = 40;

/** Folders whose places are kept by their paths while layers are put on each other, and the longest of such paths. */
const MOST_FOLDERS = 10_000;
const LONGEST_FOLDER = 256;

/** Characters of a path list for each path in it, about: the list's own, and what differs from the path before. */
const LINE_LENGTH = 14;

const TREE_COLUMNS = {
  root: 'number',
  files: 'number',
  unlistedFolders: 'number',
  /** The CRC-32 of each layer's path list. */
  texts: 'u32',
  ...PLACE_COLUMNS,
} as const;
/** Changes with what `keep` gives, or with how layers are put on each other. */
export const TREE_SCHEMA = 1;

/**
 * The final filesystem of layers put on each other, as a container engine would unpack them (OCI image-spec, layer.md). Its places are
 * numbers: of a million, a few are ever looked at.
 */
export class FileTree {
  readonly #layers: readonly PlacedLayer[];
  readonly #limits: TreeLimits;
  /** What stands where, by number. */
  readonly places: TreePlaces;
  #root: number;
  #applied = 0;
  #files = 0;
  #unlistedFolders = 0;
  /** The folder that was last put into, by the path it was asked for: entries of one folder follow each other. */
  #lastFolder: string | undefined;
  #lastPlace = NONE;
  /** Folders by the paths they were asked for, links followed: most are asked for more than once, and by what they hold. */
  readonly #folders = new Map<string, number>();

  /** Of no layer as yet: `apply` puts them on each other, lowest first. */
  constructor(layers: readonly PlacedLayer[], limits: TreeLimits = TREE_LIMITS) {
    this.#layers = layers;
    this.#limits = limits;
    const length = layers.reduce((sum, { facts }) => sum + facts.paths.length, 0);
    this.places = new TreePlaces(layers, Math.min(Math.ceil(length / LINE_LENGTH), limits.files));
    this.#root = this.places.addRoot();
  }

  /** Puts on the layers below the one at `end` that are not on it yet. Throws UserError where they hold more than the limits. */
  apply(end = this.#layers.length): this {
    for (; this.#applied < end; this.#applied += 1) this.#apply(this.#applied);
    return this;
  }

  /** What the layers that are on it come to, for a tree of the same lowest layers. */
  keep(): Buffer {
    const state = { root: this.#root, files: this.#files, unlistedFolders: this.#unlistedFolders };
    const texts = Uint32Array.from(this.#textSums(this.#applied));
    return packColumns(TREE_COLUMNS, { ...state, texts, ...this.places.keep() });
  }

  /** Takes what `keep` gave in place of its first layers; false, and nothing is changed, where that is damaged or of other layers. */
  restore(bytes: Buffer): boolean {
    const kept = unpackColumns(TREE_COLUMNS, bytes);
    if (kept === undefined) return false;
    const count = kept.texts.length;
    if (this.#textSums(count).join() !== kept.texts.join()) return false;
    this.places.restore(kept);
    this.#root = kept.root;
    this.#files = kept.files;
    this.#unlistedFolders = kept.unlistedFolders;
    this.#applied = count;
    return true;
  }

  /** The place a path leads to, links in its folders followed; its last part is followed where `follow` says so. */
  find(path: string, follow: boolean): TreeNode | undefined {
    const found = this.placeAt(path, follow);
    return found === NONE ? undefined : new TreeNode(this.places, found);
  }

  /** The regular file of note whose bytes a place gives, links of both kinds followed; NONE where no more is known of it. */
  contentOf(place: number): number {
    const { places } = this;
    const isLink = places.kindOf(place) === 'l';
    return places.contentOf(isLink ? this.placeAt(places.pathOf(place), true) : place);
  }

  /** Each place's number, folders before what they hold. */
  forEach(visit: (place: number) => void): void {
    const there = this.places.areThere(this.#root);
    for (let place = 0; place < there.length; place += 1)
      if (there[place] === 1 && place !== this.#root) visit(place);
  }

  /**
   * As `find`, by number; NONE where nothing is. As a kernel walks: `..` leaves the folder that a link led into, and a link's own parts
   * come before what is left. Nothing is put together or split beforehand: links that lead to each other cost no more than their number.
   */
  placeAt(path: string, follow: boolean): number {
    const { places } = this;
    const folders: number[] = [this.#root];
    const rests: Rest[] = [{ path, next: 0 }];
    let links = 0;
    for (let part = nextPart(rests); part !== undefined; part = nextPart(rests)) {
      const folder = folders.at(-1) ?? this.#root;
      if (part === '..') {
        if (places.kindOf(folder) !== 'd') return NONE;
        if (folders.length > 1) folders.pop();
        continue;
      }
      const place = places.find(folder, part);
      if (place === NONE) return NONE;
      if (places.kindOf(place) !== 'l' || (rests.length === 0 && !follow)) folders.push(place);
      else {
        const link = places.linkOf(place);
        if (++links > MAX_LINKS) return NONE;
        if (link.startsWith('/')) folders.length = 1;
        rests.push({ path: link, next: 0 });
      }
    }
    return folders.at(-1) ?? NONE;
  }

  /** Places tell where in the lists of their layers more is said of them: the lists are to be the very same. */
  #textSums(count: number): readonly number[] {
    return this.#layers.slice(0, count).map(({ facts }) => crc32(facts.paths));
  }

  #apply(layer: number): void {
    const paths = this.#layers[layer]?.facts.paths ?? '';
    // Whiteouts speak of the layers below, wherever they stand in their own.
    if (hasMarks(paths))
      readPathList(paths, (kind, _, folder, name) => {
        if (kind === 'w') this.#remove(folder, name);
        else if (kind === 'o') this.#empty(joined(folder, name));
      });
    this.#forgetFolders();
    readPathList(paths, (kind, size, folder, name, told) => {
      if (kind !== 'w' && kind !== 'o') this.#put(layer, kind, size, folder, name, told);
    });
  }

  #remove(folder: string, name: string): void {
    const parent = this.placeAt(folder, true);
    if (parent !== NONE) this.places.remove(this.places.find(parent, name));
  }

  /** The folder is one of its own, so that what the other holds is seen no longer: it need not be gone through. */
  #empty(path: string): void {
    const folder = this.placeAt(path, true);
    if (folder === NONE || this.places.kindOf(folder) !== 'd') return;
    const emptied = this.places.emptied(folder);
    if (folder === this.#root) this.#root = emptied;
  }

  #put(
    layer: number,
    kind: Exclude<PathKind, 'w' | 'o'>,
    size: number,
    folder: string,
    name: string,
    told: ListPlaces,
  ): void {
    const { places } = this;
    const parent = this.#folderAt(folder, layer);
    const before = places.find(parent, name);
    const was: PlaceKind | undefined = before === NONE ? undefined : places.kindOf(before);
    if (kind === 'd' && was === 'd') {
      places.listedBy(before, layer);
      return;
    }
    // What replaces a folder or a link may change where a path leads; what comes where nothing stood changes no path that led somewhere.
    if (was !== undefined && was !== 'f') this.#forgetFolders();
    if (++this.#files > this.#limits.files) throw tooMuch(this.#limits.files, 'files');
    const target =
      kind === 'l' ? told.link : kind === 'h' ? this.#sharedBy(layer, told.link) : NONE;
    places.put(parent, name, before, { kind, size, layer, attributes: told.attributes, target });
  }

  /** What a hard link shares its content with. */
  #sharedBy(layer: number, link: number): number {
    return this.placeAt(this.places.linkTold(layer, link), false);
  }

  /** The folder at a path, made where it is missing or something else stands there. */
  #folderAt(path: string, layer: number): number {
    if (this.#lastFolder === path) return this.#lastPlace;
    const known = this.#knownFolder(path);
    const place = known === NONE ? this.#findOrMakeFolder(path, layer) : known;
    this.#lastFolder = path;
    this.#lastPlace = place;
    if (this.#folders.size >= MOST_FOLDERS) this.#folders.clear();
    if (path.length <= LONGEST_FOLDER) this.#folders.set(path, place);
    return place;
  }

  /** The folder at a path that was asked for before, or whose own folder was; NONE where another look is needed. */
  #knownFolder(path: string): number {
    const { places } = this;
    const known = this.#folders.get(path);
    if (known !== undefined) return known;
    const parent = this.#folders.get(parentPath(path));
    const place = parent === undefined ? NONE : places.find(parent, fileName(path));
    return place !== NONE && places.kindOf(place) === 'd' ? place : NONE;
  }

  #forgetFolders(): void {
    this.#lastFolder = undefined;
    this.#folders.clear();
  }

  #findOrMakeFolder(path: string, layer: number): number {
    const { places } = this;
    const found = this.placeAt(path, true);
    if (found !== NONE && places.kindOf(found) === 'd') return found;
    let place = this.#root;
    for (const part of path.split('/')) {
      const before = places.find(place, part);
      let next = before;
      if (next !== NONE && places.kindOf(next) === 'l')
        next = this.placeAt(places.pathOf(next), true);
      if (next === NONE || places.kindOf(next) !== 'd') {
        if (++this.#unlistedFolders > this.#limits.unlistedFolders)
          throw tooMuch(this.#limits.unlistedFolders, 'folders that no entry lists');
        next = places.putFolder(place, part, before, layer);
      }
      place = next;
    }
    return place;
  }
}
