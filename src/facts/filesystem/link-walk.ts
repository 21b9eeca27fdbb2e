/** What is left of a path, or of a link's target, to be walked. */
export interface Rest {
  readonly path: string;
  next: number;
}

/** The next part of the innermost rest; those that are done are taken away, so that no rest tells the last part. */
export function nextPart(rests: Rest[]): string | undefined {
  for (let rest = rests.at(-1); rest !== undefined; rest = rests.at(-1)) {
    const slash = rest.path.indexOf('/', rest.next);
    const end = slash < 0 ? rest.path.length : slash;
    const part = rest.path.slice(rest.next, end);
    rest.next = end + 1;
    while (rest.path.charAt(rest.next) === '/') rest.next += 1;
    if (rest.next >= rest.path.length) rests.pop();
    if (part !== '' && part !== '.') return part;
  }
  return undefined;
}
