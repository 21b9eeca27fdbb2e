import type { Digest } from '../../../model/digest.ts';
import type { FileAttributes, PlacedLayer } from '../../layer-facts.ts';
import { attributesAt, linkAt } from '../path-list-writer.ts';
import { NONE, Places } from './places.ts';

/** Distinct attributes that are kept read: an image has a few hundred. */
const MOST_READ = 4096;

/** Places of an image's filesystem, with what the lists of its layers tell of them. */
export class TreePlaces extends Places {
  readonly #layers: readonly PlacedLayer[];
  readonly #details: LayerDetails;

  constructor(layers: readonly PlacedLayer[], expected: number) {
    super(expected);
    this.#layers = layers;
    this.#details = new LayerDetails(layers);
  }

  layerOf(place: number): Digest {
    return this.#layers[this.by(place)]?.digest ?? ('' as Digest);
  }

  /** What a layer tells of it besides its path; undefined where it does not. */
  attributesOf(place: number): FileAttributes | undefined {
    const at = this.attributesAt(place);
    return at === NONE ? undefined : this.#details.attributesAt(this.by(place), at);
  }

  /** Where a symbolic link leads. */
  linkOf(place: number): string {
    return this.linkText(this.by(place), this.targetOf(place));
  }

  linkText(layer: number, at: number): string {
    return at === NONE ? '' : this.#details.linkAt(layer, at);
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

/** What path lists contain besides paths, read on demand. A layer is named by its list index. */
class LayerDetails {
  readonly #layers: readonly PlacedLayer[];
  readonly #read = new Map<number, FileAttributes>();

  constructor(layers: readonly PlacedLayer[]) {
    this.#layers = layers;
  }

  attributesAt(layer: number, at: number): FileAttributes {
    const key = layer * 2 ** 32 + at;
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const read = attributesAt(this.#textOf(layer), at);
    if (this.#read.size >= MOST_READ) this.#read.clear();
    this.#read.set(key, read);
    return read;
  }

  linkAt(layer: number, at: number): string {
    return linkAt(this.#textOf(layer), at);
  }

  #textOf(layer: number): string {
    return this.#layers[layer]?.facts.paths ?? '';
  }
}
