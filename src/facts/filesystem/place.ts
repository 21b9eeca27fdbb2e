import type { Digest } from '../../model/digest.ts';
import type { FileAttributes } from '../layer-facts.ts';
import { NONE, type PlaceKind } from './columns/places.ts';
import type { TreePlaces } from './columns/tree-places.ts';

/** A file, folder or link of an image's filesystem; made again each time one is asked for. */
export class Place {
  readonly #places: TreePlaces;
  /** The place's constant number in its tree, which finds it again; smaller than an object. */
  readonly id: number;

  constructor(places: TreePlaces, id: number) {
    this.#places = places;
    this.id = id;
  }

  get kind(): PlaceKind {
    return this.#places.kindOf(this.id);
  }

  /** Bytes, for files. */
  get size(): number {
    return this.#places.sizeOf(this.id);
  }

  /** The topmost layer that put it there. */
  get layer(): Digest {
    return this.#places.layerOf(this.id);
  }

  /** From the root, '' for the root itself. */
  get path(): string {
    return this.#places.pathOf(this.id);
  }

  /** The last part of the path. */
  get name(): string {
    return this.#places.nameOf(this.id);
  }

  /** Undefined for the root. */
  get folder(): Place | undefined {
    return this.#at(this.#places.folderOf(this.id));
  }

  /** What its layer says of it besides its path; undefined where it does not. */
  get attributes(): FileAttributes | undefined {
    return this.#places.attributesOf(this.id);
  }

  /** The text of a symbolic link. */
  get link(): string {
    return this.#places.linkOf(this.id);
  }

  /** What a hard link shares, as it was when that was unpacked; any other place itself. */
  get inode(): Place {
    return this.kind === 'h' ? new Place(this.#places, this.#places.inodeOf(this.id)) : this;
  }

  /** The regular file of note whose bytes it gives; undefined where no more is known of it. */
  get content(): Place | undefined {
    return this.#at(this.#places.contentOf(this.id));
  }

  #at(id: number): Place | undefined {
    return id === NONE ? undefined : new Place(this.#places, id);
  }
}
