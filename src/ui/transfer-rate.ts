import { bytesText } from './units.ts';

/** Below this a rate says nothing. */
const SHORT_MS = 500;

/** Bytes of several transfers that belong together, and how fast they go. Times in milliseconds. */
export class TransferRate {
  readonly #parts = new Map<string, { readonly done: number; readonly total: number }>();
  #since: number | undefined;

  add(key: string, done: number, total: number, now: number): void {
    this.#since ??= now;
    this.#parts.set(key, { done, total: Math.max(done, total) });
  }

  /** `12.3 MB of 45.0 MB, 8.10 MB/s`; no total where it is not known ahead, '' before anything moved. */
  text(now: number): string {
    if (this.#since === undefined) return '';
    const parts = [...this.#parts.values()];
    const done = parts.reduce((sum, part) => sum + part.done, 0);
    const total = parts.reduce((sum, part) => sum + part.total, 0);
    const elapsed = now - this.#since;
    const amount = total > done ? `${bytesText(done)} of ${bytesText(total)}` : bytesText(done);
    return elapsed < SHORT_MS ? amount : `${amount}, ${bytesText((done * 1000) / elapsed)}/s`;
  }
}
