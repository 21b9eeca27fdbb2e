/** Orders texts by code unit: the same on every machine, whatever the locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Entries by their names, in an order that is the same on every machine. */
export function byName<K extends string, V>(entries: Iterable<readonly [K, V]>): [K, V][] {
  return Array.from(entries, ([name, value]): [K, V] => [name, value]).sort(([a], [b]) =>
    byCodeUnit(a, b),
  );
}
