/** A small terminal: what a person would see after what was written. Knows what the live log uses, throws on any other sequence. */
export class TerminalScreen {
  readonly #columns: number;
  #rows: string[] = [''];
  #row = 0;
  cursorShown = true;

  constructor(columns: number) {
    this.#columns = columns;
  }

  readonly write = (text: string): void => {
    for (const part of text.match(/\u001b\[[0-9;?]*[A-Za-z]|[^\u001b]/gsu) ?? []) this.#put(part);
  };

  /** Rows without the empty last one. */
  get lines(): readonly string[] {
    return this.#rows.at(-1) === '' ? this.#rows.slice(0, -1) : this.#rows;
  }

  #put(part: string): void {
    if (part === '\u001b[?25l') this.cursorShown = false;
    else if (part === '\u001b[?25h') this.cursorShown = true;
    else if (part === '\u001b[0J') this.#rows = [...this.#rows.slice(0, this.#row), ''];
    else if (/^\u001b\[\d+A$/.test(part)) this.#row -= Number(part.slice(2, -1));
    else if (part === '\n') this.#newLine();
    else if (part.length > 1 && part.startsWith('\u001b'))
      throw new Error(`unknown: ${part.slice(1)}`);
    else this.#letter(part);
  }

  #letter(letter: string): void {
    const wide = /\p{Script=Han}|\p{Emoji_Presentation}/u;
    let taken = 0;
    for (const before of this.#rows[this.#row] ?? '') taken += wide.test(before) ? 2 : 1;
    if (taken + (wide.test(letter) ? 2 : 1) > this.#columns) this.#newLine();
    this.#rows[this.#row] = (this.#rows[this.#row] ?? '') + letter;
  }

  #newLine(): void {
    this.#row += 1;
    this.#rows[this.#row] ??= '';
  }
}
