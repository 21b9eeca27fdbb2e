import { crc32 } from 'node:zlib';
import { UserError } from '../../model/errors.ts';
import type { PlacedLayer } from '../layer-facts.ts';
import { packColumns, unpackColumns } from './columns/kept-columns.ts';
import { NONE, PLACE_COLUMNS } from './columns/places.ts';
import { TreePlaces } from './columns/tree-places.ts';
import { type ListPlaces, type PathKind, readPathList } from './path-list.ts';
import { Place } from './place.ts';
import { tooMuch, TREE_LIMITS, type TreeLimits } from './tree-limits.ts';
import { OUTSIDE, walkPath } from './walk-path.ts';

/** Estimated characters of a path list for each path: its line, and what differs from the last. */
const LINE_LENGTH = 14;

const TREE_COLUMNS = {
  files: 'number',
  /** The CRC-32 of each layer's path list. */
  texts: 'u32',
  ...PLACE_COLUMNS,
} as const;
/** Changes with what `keep` gives, or with how layers are put on each other. */
export const TREE_SCHEMA = 3;

/**
 * The final filesystem of layers put on each other, as overlayfs shows them: each is a folder of
 * its own (`LayerTree`), folders of one path are one, anything else hides what lies below it. How
 * its places are kept is nobody else's business: docs/explanation/filesystem-tree.md.
 */
export class FileTree {
  readonly #layers: readonly PlacedLayer[];
  readonly #limits: TreeLimits;
  readonly #places: TreePlaces;
  readonly #root: number;
  #applied = 0;
  #files = 0;
  /** The folder that was last put into: the entries of one follow each other. */
  #lastFolder = '';
  #lastPlace: number;

  /** Of no layer as yet: `apply` puts them on each other, lowest first. */
  constructor(layers: readonly PlacedLayer[], limits: TreeLimits = TREE_LIMITS) {
    this.#layers = layers;
    this.#limits = limits;
    const length = layers.reduce((sum, { facts }) => sum + facts.paths.length, 0);
    this.#places = new TreePlaces(layers, Math.min(Math.ceil(length / LINE_LENGTH), limits.files));
    this.#root = this.#places.addRoot();
    this.#lastPlace = this.#root;
  }

  /** Adds the layers below index `end` that it lacks. Throws UserError if a limit is exceeded. */
  apply(end = this.#layers.length): this {
    for (; this.#applied < end; this.#applied += 1) this.#apply(this.#applied);
    return this;
  }

  /** What the layers that are on it come to, for a tree of the same lowest layers. */
  keep(): Buffer {
    const texts = Uint32Array.from(this.#textSums(this.#applied));
    return packColumns(TREE_COLUMNS, { files: this.#files, texts, ...this.#places.keep() });
  }

  /**
   * Takes what `keep` gave instead of its first layers. False, with no change, where that is
   * damaged or comes from other layers.
   */
  restore(bytes: Buffer): boolean {
    const kept = unpackColumns(TREE_COLUMNS, bytes);
    if (kept === undefined) return false;
    const count = kept.texts.length;
    if (this.#textSums(count).join() !== kept.texts.join()) return false;
    this.#places.restore(kept);
    this.#files = kept.files;
    this.#applied = count;
    return true;
  }

  /**
   * The place a path leads to in the image, links in its folders followed; its last part is
   * followed where `follow` says so. As an engine looks before it runs a container: nothing is
   * mounted on /proc as yet.
   */
  find(path: string, follow: boolean): Place | undefined {
    const found = walkPath(this.#places, this.#root, path, follow);
    return found === NONE ? undefined : this.at(found);
  }

  /** The place with this id. */
  at(id: number): Place {
    return new Place(this.#places, id);
  }

  /**
   * Where a process in the container gets by a symbolic link, any other place itself; undefined
   * where nothing is, 'outside' where that is not in the image.
   */
  ledTo(place: Place): Place | 'outside' | undefined {
    if (place.kind !== 'l') return place;
    const led = walkPath(this.#places, this.#root, place.path, true, true);
    if (led === OUTSIDE) return 'outside';
    return led === NONE ? undefined : this.at(led);
  }

  /** True where a list tells of a program whose content was not read. */
  get hasUnread(): boolean {
    return this.#layers.some(({ facts }) => facts.paths.includes('"unread":true'));
  }

  /** Each place, folders before what they hold. */
  forEach(visit: (place: Place) => void): void {
    const there = this.#places.areThere();
    for (let id = 0; id < there.length; id += 1)
      if (there[id] === 1 && id !== this.#root) visit(this.at(id));
  }

  /** The ids of places by path, as `<` orders their paths. */
  inOrder(ids: readonly number[]): Int32Array {
    return this.#places.inOrder(ids);
  }

  /** Checksums of the path lists: places refer to positions in these, so they must be identical. */
  #textSums(count: number): readonly number[] {
    return this.#layers.slice(0, count).map(({ facts }) => crc32(facts.paths));
  }

  #apply(layer: number): void {
    if (layer === 0 && this.#layers[layer]?.facts.needsLower === true)
      throw new UserError(
        'engines differ in what the marks of removed files in the lowest layer of the image do: build the image again',
      );
    this.#lastFolder = '';
    this.#lastPlace = this.#root;
    readPathList(this.#layers[layer]?.facts.paths ?? '', (kind, size, folder, name, details) => {
      this.#put(layer, kind, size, this.#folderAt(folder), name, details);
    });
  }

  #put(
    layer: number,
    kind: PathKind,
    size: number,
    folder: number,
    name: string,
    details: ListPlaces,
  ): void {
    const places = this.#places;
    const before = places.find(folder, name);
    if (kind === 'w') {
      places.remove(before);
      return;
    }
    if (kind === 'd' && before !== NONE && places.kindOf(before) === 'd') {
      places.putBy(before, layer);
      places.describe(before, details.attributes);
      return;
    }
    if (++this.#files > this.#limits.files) throw tooMuch(this.#limits.files, 'files');
    if (kind === 'd' || kind === 'o') {
      places.describe(places.putFolder(folder, name, before, layer), details.attributes);
      // What is put into it next is not to go where the other was.
      this.#lastFolder = '';
      this.#lastPlace = this.#root;
      return;
    }
    const target =
      kind === 'l'
        ? details.link
        : kind === 'h'
          ? this.#exactly(places.linkText(layer, details.link))
          : NONE;
    places.put(folder, name, before, {
      kind,
      size,
      by: layer,
      attributes: details.attributes,
      target,
    });
  }

  /** The folder at a path that the layer's list has named. */
  #folderAt(path: string): number {
    if (path === this.#lastFolder) return this.#lastPlace;
    this.#lastPlace = this.#exactly(path);
    this.#lastFolder = path;
    return this.#lastPlace;
  }

  /** What stands at a path that leads over no link. */
  #exactly(path: string): number {
    let place = this.#root;
    for (let start = 0; start < path.length && place !== NONE;) {
      const slash = path.indexOf('/', start);
      const end = slash < 0 ? path.length : slash;
      place = this.#places.find(place, path.slice(start, end));
      start = end + 1;
    }
    return place;
  }
}
