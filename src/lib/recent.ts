/** What was used last, by key, up to so much weight in all. */
export class Recent<V> {
  /** The one that was not used longest comes first: a map is in order of insertion. */
  readonly #kept = new Map<string, readonly [value: V, weight: number]>();
  readonly #most: number;
  #weight = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): V | undefined {
    const found = this.#kept.get(key);
    if (found === undefined) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, found);
    return found[0];
  }

  set(key: string, value: V, weight = 1): void {
    this.#remove(key);
    this.#kept.set(key, [value, weight]);
    this.#weight += weight;
    for (const oldest of this.#kept.keys()) {
      if (this.#weight <= this.#most) return;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    this.#weight -= this.#kept.get(key)?.[1] ?? 0;
    this.#kept.delete(key);
  }
}
