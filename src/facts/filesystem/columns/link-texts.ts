import { encodeCharacter, NamePages } from './name-pages.ts';

/** Texts of links, in a few large buffers; the same as the last is kept once. */
export class LinkTexts {
  readonly #pages = new NamePages();
  #scratch = new Uint8Array(1024);
  #last = '';
  #lastPlace = -1;

  /** The number by which `at` gives the text back. */
  add(text: string): number {
    if (text === this.#last && this.#lastPlace >= 0) return this.#lastPlace;
    if (this.#scratch.length < 3 * text.length) this.#scratch = new Uint8Array(3 * text.length);
    let length = 0;
    for (let at = 0; at < text.length; at += 1)
      length = encodeCharacter(this.#scratch, length, text.charCodeAt(at));
    this.#last = text;
    this.#lastPlace = this.#pages.add(this.#scratch, length, length > text.length);
    return this.#lastPlace;
  }

  at(number: number): string {
    return this.#pages.nameAt(number);
  }
}
