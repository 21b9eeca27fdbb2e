export interface Page<T> {
  readonly rows: readonly T[];
  /** Opaque, for the next page; absent at the end. */
  readonly next?: string;
}

/** `cursor` of the page before; throws BadCursor where it is none. */
export interface PageRequest {
  readonly cursor?: string;
  /** 1 to 1,000. */
  readonly limit: number;
}

export class BadCursor extends Error {
  override readonly name = 'BadCursor';
}

/** The rows of a page out of one row more than it may have. */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  place: (one: T) => readonly (string | number)[],
): Page<T> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (found.length <= limit || last === undefined) return { rows };
  return { rows, next: Buffer.from(JSON.stringify(place(last))).toString('base64url') };
}

/** The values of a cursor, by what they have to be; undefined without one. */
export function placeOf(
  cursor: string | undefined,
  kinds: readonly ('string' | 'number')[],
): readonly (string | number)[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    // eslint-disable-next-line no-restricted-syntax -- a list of words and numbers, checked below
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const isPlace =
      Array.isArray(place) &&
      place.length === kinds.length &&
      kinds.every((kind, i) => typeof place[i] === kind && !String(place[i]).includes('\0'));
    if (isPlace) return place as (string | number)[];
  } catch {
    // Said below.
  }
  throw new BadCursor('the cursor is not one of this list');
}
