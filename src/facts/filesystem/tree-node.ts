import type { Digest } from '../../model/digest.ts';
import type { FileAttributes } from '../layer-facts.ts';
import { NONE, type PlaceKind } from './places.ts';
import type { TreePlaces } from './tree-places.ts';

/** A place as those see it who ask for one; made anew each time. */
export class TreeNode {
  readonly #places: TreePlaces;
  readonly place: number;

  constructor(places: TreePlaces, place: number) {
    this.#places = places;
    this.place = place;
  }

  get kind(): PlaceKind {
    return this.#places.kindOf(this.place);
  }

  /** Bytes, for files. */
  get size(): number {
    return this.#places.sizeOf(this.place);
  }

  get layer(): Digest {
    return this.#places.layerOf(this.place);
  }

  /** From the root, '' for the root itself. */
  get path(): string {
    return this.#places.pathOf(this.place);
  }

  get attributes(): FileAttributes | undefined {
    return this.#places.attributesOf(this.place);
  }

  /** What a hard link shares its content with. */
  get shared(): TreeNode | undefined {
    const shared = this.#places.sharedBy(this.place);
    return shared === NONE ? undefined : new TreeNode(this.#places, shared);
  }
}
