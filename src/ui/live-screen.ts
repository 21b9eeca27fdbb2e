const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';

/** The last rows of a terminal, drawn again and again, and the lines above them, which stay. */
export class LiveScreen {
  readonly #write: (text: string) => void;
  #drawn = 0;
  #isOpen = true;

  /** Hides the cursor until `close`. */
  constructor(write: (text: string) => void) {
    this.#write = write;
    write(HIDE_CURSOR);
  }

  /** Puts lines above the rows; the rows are gone until they are drawn again. Lines of any length. */
  print(text: string): void {
    this.#write(`${this.#eraser()}${text}\n`);
  }

  /** Replaces the rows. Each must fit into one line of the terminal, or they cannot be found again. */
  draw(rows: readonly string[]): void {
    if (!this.#isOpen || (rows.length === 0 && this.#drawn === 0)) return;
    // One write, so that a half drawn screen is never seen.
    this.#write(this.#eraser() + rows.map((row) => `${row}\n`).join(''));
    this.#drawn = rows.length;
  }

  /** Takes the rows away and shows the cursor again. A second call does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#write(this.#eraser() + SHOW_CURSOR);
  }

  #eraser(): string {
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\u001b[0J`;
    this.#drawn = 0;
    return up;
  }
}
