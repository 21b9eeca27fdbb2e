// `Intl.Segmenter` of all that is bundled: libraries make one as they are loaded, which costs 13 ms for
// tables that few texts need. This makes it when it is first asked.
const { Segmenter } = globalThis['Intl'];

export class LazySegmenter {
  #given;
  #made;

  constructor(...given) {
    this.#given = given;
  }

  segment(text) {
    this.#made ??= new Segmenter(...this.#given);
    return this.#made.segment(text);
  }
}
