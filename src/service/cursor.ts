import { parseJson } from '../lib/json.ts';
import { ApiProblem } from './problems.ts';

export interface Page<T> {
  readonly rows: readonly T[];
  /** Opaque, for the next page; absent at the end. */
  readonly next?: string;
}

export interface PageRequest {
  readonly cursor?: string | undefined;
  /** 1 to 1,000. */
  readonly limit: number;
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

/** The values of a cursor, by what they have to be; undefined without one. Throws ApiProblem. */
export function placeOf(
  cursor: string | undefined,
  kinds: readonly ('string' | 'number')[],
): readonly (string | number)[] | undefined {
  if (cursor === undefined) return undefined;
  const place = parseJson(Buffer.from(cursor, 'base64url').toString());
  const isPlace =
    Array.isArray(place) &&
    place.length === kinds.length &&
    kinds.every((kind, i) => typeof place[i] === kind && !String(place[i]).includes('\0'));
  if (isPlace) return place as (string | number)[];
  const nextStep = 'begin without a cursor';
  throw new ApiProblem('malformed', 'the cursor is not one of this list', { nextStep });
}
