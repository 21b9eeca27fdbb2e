import { VECTORS } from '../model/criterion.ts';
import { digestHex, formatReference, type Digest } from '../model/reference.ts';
import { GRADES, type Grade } from '../model/scorecard.ts';
import { BadCursor, type Change, type Page } from './deps.ts';
import type { Ask, AskError, AskState, GradeRow, ImageName, ImageRow, Reason } from './shapes.ts';

/** An image's name in the database: by digest where there is one, else by tag. */
export function nameOf({ registry, repository, tag = 'latest', digest }: ImageName): string {
  const reference = { registry, repository };
  return formatReference(digest === undefined ? { ...reference, tag } : { ...reference, digest });
}

export function imageOf(name: string): ImageName {
  const slash = name.indexOf('/');
  const registry = name.slice(0, slash);
  const at = name.indexOf('@');
  const end = at < 0 ? name.lastIndexOf(':') : at;
  const repository = name.slice(slash + 1, end);
  const last = name.slice(end + 1);
  return at < 0
    ? { registry, repository, tag: last }
    : { registry, repository, digest: last as Digest };
}

export function digestBytes(digest: Digest): Buffer {
  return Buffer.from(digestHex(digest), 'hex');
}

function digestOfHex(hex: string): Digest {
  return `sha256:${hex.slice(2)}` as Digest;
}

/** Where a value is not NULL, an object with it. */
function filled<K extends string, V, T>(
  key: K,
  value: V | null | undefined,
  read: (value: V) => T,
): Partial<Record<K, T>> {
  return value === null || value === undefined
    ? {}
    : ({ [key]: read(value) } as Partial<Record<K, T>>);
}

const date = (text: string): Date => new Date(text);

/** A row of `grade` as to_jsonb gives it: bytes as `\x…`, times as text. */
export interface StoredGrade {
  readonly id: string;
  readonly image_id: number;
  readonly document_id: string;
  readonly digest: string;
  readonly graded_at: string;
  readonly signer: string | null;
  readonly level: number;
  readonly points: number;
  readonly total: number;
  readonly grade: Grade;
  readonly vectors: string;
  readonly counts: readonly number[] | null;
  readonly failing: readonly string[];
  readonly advisories_at: string | null;
  readonly built_at: string | null;
  readonly scoville: string;
}

export function gradeOf(row: StoredGrade, name: string): GradeRow {
  const { id, level, points, total, grade, failing, scoville } = row;
  const vectors = row.vectors.split(' ') as Grade[];
  return {
    ...{ id, image: imageOf(name), digest: digestOfHex(row.digest) },
    gradedAt: date(row.graded_at),
    origin: row.signer === null ? 'service' : 'verdict',
    ...filled('signer', row.signer, String),
    level,
    overall: { points, total, grade },
    vectors: Object.fromEntries(
      VECTORS.map((vector, i) => [vector, vectors[i]]),
    ) as GradeRow['vectors'],
    ...filled(
      'counts',
      row.counts,
      ([critical = 0, high = 0, medium = 0, low = 0, unknown = 0]) => ({
        ...{ critical, high, medium, low, unknown },
      }),
    ),
    failing,
    ...filled('advisoriesAt', row.advisories_at, date),
    ...filled('builtAt', row.built_at, date),
    scoville,
  };
}

export interface StoredImage {
  readonly name: string;
  readonly digest: string | null;
  readonly is_followed: boolean;
  readonly checked_at: Date | null;
  readonly gone_at: Date | null;
  readonly built_at: Date | null;
  readonly latest: StoredGrade | null;
  readonly before: StoredGrade | null;
}

/** What an ImageRow is made of, for rows of `image` called `i`. */
export const IMAGE_COLUMNS = `i.name, '\\x' || encode(i.digest, 'hex') AS digest, i.is_followed, i.checked_at,
  i.gone_at, i.built_at, to_jsonb(g) AS latest, to_jsonb(b) AS before`;
export const IMAGE_JOINS = `LEFT JOIN grade g ON g.id = i.grade_id LEFT JOIN grade b ON b.id = i.before_id`;

export function imageRowOf(row: StoredImage): ImageRow {
  const same = (at: Date): Date => at;
  return {
    image: imageOf(row.name),
    ...filled('digest', row.digest, digestOfHex),
    isFollowed: row.is_followed,
    ...filled('checkedAt', row.checked_at, same),
    ...filled('goneAt', row.gone_at, same),
    ...filled('latest', row.latest, (grade) => gradeOf(grade, row.name)),
    ...filled('before', row.before, (grade) => {
      const { id, gradedAt, level, overall } = gradeOf(grade, row.name);
      return { id, gradedAt, level, overall };
    }),
  };
}

export interface StoredAsk {
  readonly id: string;
  readonly name: string;
  readonly reason: Reason;
  readonly asked_by: string | null;
  readonly state: AskState;
  readonly attempts: number;
  readonly asked_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly grade_id: string | null;
  readonly error: AskError | null;
  readonly progress: string | null;
}

export const ASK_COLUMNS = `a.id, i.name, a.reason, a.asked_by, a.state, a.attempts, a.asked_at, a.started_at,
  a.finished_at, a.grade_id, a.error, a.progress`;

export function askOf(row: StoredAsk): Ask {
  const same = <T>(value: T): T => value;
  return {
    ...{ id: row.id, image: imageOf(row.name), reason: row.reason, state: row.state },
    ...filled('askedBy', row.asked_by, same),
    ...{ attempts: row.attempts, askedAt: row.asked_at },
    ...filled('startedAt', row.started_at, same),
    ...filled('finishedAt', row.finished_at, same),
    ...filled('gradeId', row.grade_id, same),
    ...filled('error', row.error, same),
    ...filled('progress', row.progress, same),
  };
}

interface Judged {
  readonly level: number;
  readonly grade: Grade;
}

/** By level, then by grade. */
export function changeOf(before: Judged | undefined, now: Judged): Change {
  if (before === undefined) return 'first';
  const by = now.level - before.level || GRADES.indexOf(before.grade) - GRADES.indexOf(now.grade);
  return by === 0 ? 'same' : by > 0 ? 'better' : 'worse';
}

/** The rows of a page out of one row more than it may have. */
export function pageOf<T, R>(
  found: readonly T[],
  limit: number,
  row: (one: T) => R,
  place: (one: T) => readonly (string | number)[],
): Page<R> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return {
    rows: rows.map(row),
    ...(found.length > limit && last !== undefined
      ? { next: Buffer.from(JSON.stringify(place(last))).toString('base64url') }
      : {}),
  };
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
