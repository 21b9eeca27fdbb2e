import { DatabaseAway } from './database.ts';

/**
 * A function whose calls go together: those that come while some are on their way are the next to
 * go, at once: of a busy process, one transaction has many. Where several fail, each is tried
 * alone, so that none fails for another.
 */
export function together<T, R>(
  run: (all: readonly T[]) => Promise<readonly R[]>,
  most = 1_000,
): (one: T) => Promise<R> {
  let next: { readonly all: T[]; readonly results: Promise<readonly R[]> } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const begin = () => {
    const all: T[] = [];
    const results = last.then(() => {
      if (next?.all === all) next = undefined;
      return run(all);
    });
    last = results.catch(() => undefined);
    return { all, results };
  };
  return async (one) => {
    if (next === undefined || next.all.length === most) next = begin();
    const { all, results } = next;
    const place = all.push(one) - 1;
    try {
      return (await results)[place] as R;
    } catch (error) {
      if (all.length === 1 || error instanceof DatabaseAway) throw error;
      return (await run([one]))[0] as R;
    }
  };
}
