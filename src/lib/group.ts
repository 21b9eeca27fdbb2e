/** Values by what `of` says of each, in the order in which they came. Node 20 lacks Map.groupBy. */
export function groupBy<T, K>(all: readonly T[], of: (one: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const one of all) {
    const group = groups.get(of(one));
    if (group === undefined) groups.set(of(one), [one]);
    else group.push(one);
  }
  return groups;
}
