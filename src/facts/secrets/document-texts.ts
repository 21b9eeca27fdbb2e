import type { SecretFinding } from '../../model/secret-facts.ts';

type Place = Pick<SecretFinding, 'where' | 'path'>;

/** A text of a document and where it stands. */
export interface DocumentText {
  readonly text: string;
  readonly place: Place;
  /** What it is the value of. */
  readonly name?: string;
}

/** The place of a value in a document, by the keys that lead to it. */
export type PlaceOf = (keys: readonly string[]) => Place;

/** Deeper than that no document of an image nests that was read from JSON. */
const MAX_DEPTH = 200;

/**
 * Every text of a document, its keys too, whatever fields there are. An array of texts is a command or a list of `NAME=value`: it is
 * given as one text, and the variables of an `Env` each by name. `tooDeep` is called where nesting ends the search.
 */
export function documentTexts(
  document: unknown,
  placeOf: PlaceOf,
  tooDeep: () => void,
): readonly DocumentText[] {
  const found: DocumentText[] = [];
  const visit = (value: unknown, keys: readonly string[]): void => {
    if (keys.length > MAX_DEPTH) tooDeep();
    else if (typeof value === 'string') {
      const key = keys.at(-1) ?? '';
      // `build-arg:NAME` and `label:NAME`, as BuildKit has them.
      found.push({ text: value, place: placeOf(keys), name: key.slice(key.lastIndexOf(':') + 1) });
    } else if (Array.isArray(value)) array(value, keys);
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) {
        if (key.length >= 16) found.push({ text: key, place: placeOf([...keys, key]) });
        visit(item, [...keys, key]);
      }
  };
  const array = (items: readonly unknown[], keys: readonly string[]): void => {
    const texts = items.filter((item) => typeof item === 'string');
    if (keys.at(-1) === 'Env')
      for (const pair of texts) {
        const equals = Math.max(0, pair.indexOf('='));
        const name = pair.slice(0, equals);
        const { where } = placeOf(keys);
        found.push({ text: pair.slice(equals + 1), place: { where, path: name }, name });
        found.push({ text: name, place: { where, path: name } });
      }
    else if (texts.length > 0) found.push({ text: texts.join(' '), place: placeOf(keys) });
    items.forEach((item, index) => {
      if (typeof item !== 'string') visit(item, [...keys, String(index)]);
    });
  };
  visit(document, []);
  return found;
}
