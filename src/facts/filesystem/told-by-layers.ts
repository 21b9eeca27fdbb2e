import type { FileAttributes, PlacedLayer } from '../layer-facts.ts';
import { attributesAt, linkAt } from './path-list-writer.ts';

/** Distinct attributes that are kept read: an image has a few hundred. */
const MOST_READ = 4096;

/** What the path lists of layers tell besides paths, read when somebody asks; a layer is told by its place among them. */
export class ToldByLayers {
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
