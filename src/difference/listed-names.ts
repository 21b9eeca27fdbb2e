const SHOWN = 3;

/** The first names of members that differ, cut where they are long, and how many more there are. */
export function listedNames(names: readonly string[]): string {
  const shown = names.slice(0, SHOWN).map((name) => name.slice(0, 100));
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `${shown.join(', ')}${more}`;
}
