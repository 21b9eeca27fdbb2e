/** How many of the first items were tried, and how that failed. */
interface Culprit<Failure> {
  /** Index of the item with which it began to fail. */
  readonly index: number;
  readonly failure: Failure;
}

/**
 * Finds by halves the item with which something begins to fail that works without any and fails, as `failure` tells, with all `count` of them: about log2(count)
 * trials. `fails` is given how many of the first items are tried; undefined where they work.
 */
export async function firstCulprit<Failure>(
  count: number,
  failure: Failure,
  fails: (first: number) => Promise<Failure | undefined>,
): Promise<Culprit<Failure>> {
  let found = { index: count - 1, failure };
  let working = 0;
  while (found.index > working) {
    const middle = Math.floor((working + found.index + 1) / 2);
    const said = await fails(middle);
    if (said === undefined) working = middle;
    else found = { index: middle - 1, failure: said };
  }
  return found;
}
