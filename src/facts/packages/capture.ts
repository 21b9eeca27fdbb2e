/** What a capture makes of the bytes it has: it needs so many in all, or it is done (with or without a result). */
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

  /** `read` is called once `need` bytes are there, again where it asks for more; after `most` bytes it is asked for the last time. */
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
