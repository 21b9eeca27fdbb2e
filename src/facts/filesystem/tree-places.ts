import type { Digest } from '../../model/digest.ts';
import type { FileAttributes, PlacedLayer } from '../layer-facts.ts';
import { NONE, Places } from './places.ts';
import { ToldByLayers } from './told-by-layers.ts';

/** Places of an image's filesystem, with what the lists of its layers tell of them. */
export class TreePlaces extends Places {
  readonly #layers: readonly PlacedLayer[];
  readonly #told: ToldByLayers;

  constructor(layers: readonly PlacedLayer[], expected: number) {
    super(expected);
    this.#layers = layers;
    this.#told = new ToldByLayers(layers);
  }

  layerOf(place: number): Digest {
    return this.#layers[this.by(place)]?.digest ?? ('' as Digest);
  }

  /** What a layer tells of it besides its path; undefined where it does not. */
  attributesOf(place: number): FileAttributes | undefined {
    const at = this.attributesAt(place);
    return at === NONE ? undefined : this.#told.attributesAt(this.by(place), at);
  }

  /** Where a symbolic link leads. */
  linkOf(place: number): string {
    return this.linkTold(this.by(place), this.targetOf(place));
  }

  linkTold(layer: number, at: number): string {
    return at === NONE ? '' : this.#told.linkAt(layer, at);
  }

  /** The place that a hard link shares, as it was when that was unpacked. */
  sharedBy(place: number): number {
    return this.kindOf(place) === 'h' ? this.targetOf(place) : NONE;
  }

  /** What a hard link shares, any other place itself. */
  inodeOf(place: number): number {
    return this.kindOf(place) === 'h' ? this.targetOf(place) : place;
  }

  /** The regular file of note whose bytes a place gives; NONE where no more is known of it. */
  contentOf(place: number): number {
    if (place < 0) return NONE;
    const at = this.inodeOf(place);
    return this.kindOf(at) === 'f' && this.attributesAt(at) !== NONE ? at : NONE;
  }
}
