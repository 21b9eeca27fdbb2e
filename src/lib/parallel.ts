/**
 * Calls `act` for each item, at most `limit` at once; results in the items' order. After a failure
 * it starts no more calls, waits for those that run, and throws the first error.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  act: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const failures: unknown[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      try {
        results[index] = await act(item);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0) return;
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
  return results;
}

/**
 * One call per key, also for callers at the same time. Failures are not kept: the next caller asks
 * again.
 */
export function once<K extends object, A extends readonly unknown[], V>(
  ask: (key: K, ...rest: A) => Promise<V>,
): (key: K, ...rest: A) => Promise<V> {
  const answers = new WeakMap<K, Promise<V>>();
  return (key, ...rest) => {
    const before = answers.get(key);
    if (before !== undefined) return before;
    const answer = ask(key, ...rest);
    answers.set(key, answer);
    answer.catch(() => answers.delete(key));
    return answer;
  };
}

/** Node 20 lacks Map.groupBy. */
export function groupBy<T, K>(all: readonly T[], of: (one: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(of(one));
    if (group === undefined) groups.set(of(one), [one]);
    else group.push(one);
  }
  return groups;
}

/** Runs a few tasks at once; those of one key one after the other. */
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
