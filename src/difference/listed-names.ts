/** Names of the parts that only one of two files has, or that differ. */
export function differingNames<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  differ: (a: T, b: T) => boolean,
): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => {
    const [a, b] = [before.get(name), after.get(name)];
    return a === undefined || b === undefined || differ(a, b);
  });
}

export function bytesDiffer(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) !== 0;
}

/** The first names of parts that differ, cut where they are long, and how many more there are. */
export function listedNames(names: readonly string[], most = 3, longest = 100): string {
  const shown = names.slice(0, most).map((name) => name.slice(0, longest) || '(unnamed)');
  const more = names.length > most ? ` and ${names.length - most} more` : '';
  return `${shown.join(', ')}${more}`;
}
