import { type Fetch, MOST_FETCHED_BYTES } from '../model/fetches.ts';
import { LONGEST_LOCK } from '../model/lock.ts';

/** Requests of one build. */
const MOST_REQUESTS = 100_000;

/**
 * Bounds what a build can have recorded, so that its commands fill neither memory nor disk. Each
 * method throws where there is more than a lock can have, or a replay would take.
 */
export class RecordedSize {
  readonly #known = new Map<string, Fetch>();
  #requests = 0;
  #characters = 0;
  #bytes = 0;

  request(): void {
    if (++this.#requests > MOST_REQUESTS)
      throw new Error(`the build has more than ${MOST_REQUESTS} requests`);
  }

  /** Characters that are remembered until the build ends. */
  text(length: number): void {
    this.#characters += length;
    if (this.#characters > LONGEST_LOCK)
      throw new Error(
        `addresses and headers have more than ${LONGEST_LOCK} characters, which is what a lock can have`,
      );
  }

  /** Bytes of an answer that are being written. */
  body(length: number): void {
    this.#bytes += length;
    if (this.#bytes > MOST_FETCHED_BYTES)
      throw new Error(`the answers have more than ${MOST_FETCHED_BYTES / 1024 ** 3} GiB`);
  }

  /** The fetch; the same object for the same answer. */
  kept(fetch: Fetch): Fetch {
    const text = JSON.stringify(fetch);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.text(text.length);
    this.#known.set(text, fetch);
    return fetch;
  }
}
