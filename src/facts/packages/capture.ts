/** The next step of a capture: it needs so many bytes in all, or is done, with a result or not. */
export type CaptureStep = { readonly need: number } | { readonly done: true };

export const DONE: CaptureStep = { done: true };

/** Gathers the bytes from one place of a stream on, as many as its reader turns out to need. */
export class Capture {
  readonly #read: (bytes: Buffer) => CaptureStep;
  readonly #most: number;
  readonly #parts: Buffer[] = [];
  #length = 0;
  #need: number;
  isDone = false;

  /** Calls `read` at `need` bytes, again as often as it asks for more, and last at `most` bytes. */
  constructor(need: number, most: number, read: (bytes: Buffer) => CaptureStep) {
    this.#need = need;
    this.#most = most;
    this.#read = read;
  }

  push(bytes: Buffer): void {
    if (this.isDone) return;
    const part = bytes.subarray(0, this.#most - this.#length);
    this.#parts.push(Buffer.from(part));
    this.#length += part.length;
    if (this.#length >= this.#need) this.#ask();
  }

  /** Nothing follows: what is there is all. */
  end(): void {
    if (!this.isDone) this.#ask();
    this.isDone = true;
  }

  #ask(): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    if (bytes === undefined) return;
    this.#parts.splice(0, this.#parts.length, bytes);
    const step = this.#read(bytes);
    if ('done' in step || this.#length >= this.#most) this.isDone = true;
    else this.#need = Math.max(step.need, this.#length + 1);
  }
}
