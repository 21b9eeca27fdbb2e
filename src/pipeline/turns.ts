/** Lets a few do their work at once; those of one key one after the other. */
export class Turns {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  readonly #keys = new Map<string, Promise<unknown>>();
  #running = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Does the work when it is its turn; its end, good or bad, is the caller's. */
  async take<T>(key: string | undefined, work: () => Promise<T>): Promise<T> {
    if (key === undefined) return this.#slot(work);
    const before = this.#keys.get(key) ?? Promise.resolve();
    const mine = before.then(() => this.#slot(work));
    this.#keys.set(
      key,
      mine.catch(() => undefined),
    );
    return mine;
  }

  async #slot<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running >= this.#most)
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }
}
