import { VECTORS } from '../model/criterion.ts';
import { type Digest, digestHex, formatReference, parseReference } from '../model/reference.ts';
import type { Scorecard } from '../model/scorecard.ts';
import type { Query } from './database.ts';
import { undatedText } from './dated-text.ts';
import type { Counts, ImageName } from './shapes.ts';

/** An image's name in the database: by digest where there is one, else by tag. */
export function nameOf({ registry, repository, tag = 'latest', digest }: ImageName): string {
  const reference = { registry, repository };
  return formatReference(digest === undefined ? { ...reference, tag } : { ...reference, digest });
}

export function imageOf(name: string): ImageName {
  const read = parseReference(name);
  if (!read.ok) throw new Error(read.error);
  return read.value;
}

export function digestBytes(digest: Digest): Buffer {
  return Buffer.from(digestHex(digest), 'hex');
}

/** Columns of a table as fields of an object: `asked_at` as `askedAt`. */
function fields(table: string, names: string): string {
  const column = (name: string): string => name.replaceAll(/[A-Z]/g, '_$&').toLowerCase();
  return names
    .split(' ')
    .map((name) => `'${name}', ${table}.${column(name)}`)
    .join(', ');
}

export function object(content: string): string {
  return `json_strip_nulls(json_build_object(${content}))`;
}

/** In the order of the column `counts`. */
export const SEVERITIES = ['critical', 'high', 'medium', 'low', 'unknown'] as const;

const score = (table: string): string =>
  `'overall', ${object(fields(table, 'points total grade'))}`;

/** An Ask, of `ask a` and `image i`. */
export const ASK = object(
  `'image', i.name, ${fields('a', 'id reason askedBy state attempts askedAt startedAt finishedAt gradeId error progress')}`,
);

/** A GradeRow, of such a `grade` and `image i`. */
export const gradeOf = (table: string): string =>
  object(
    `'image', i.name, 'digest', 'sha256:' || encode(${table}.digest, 'hex'), ${score(table)},
     'origin', CASE WHEN ${table}.signer IS NULL THEN 'service' ELSE 'verdict' END,
     'vectors', json_object('{${VECTORS.join()}}', string_to_array(${table}.vectors, ' ')),
     'counts', CASE WHEN ${table}.counts IS NOT NULL THEN json_build_object(${SEVERITIES.map((name, i) => `'${name}', ${table}.counts[${i + 1}]`).join()}) END,
     ${fields(table, 'id gradedAt signer level failing advisoriesAt builtAt scoville')}`,
  );
export const GRADES = `SELECT ${gradeOf('g')} AS row FROM grade g JOIN image i ON i.id = g.image_id`;

export interface MadeGrade {
  readonly scorecard: Scorecard;
  readonly counts?: Counts;
  readonly advisoriesAt?: Date;
  readonly builtAt?: Date;
  /** More for pages, reports and Harbor: any JSON; kept once by content, with the scorecard. */
  readonly report?: unknown;
}

export type Kept = Pick<MadeGrade, 'scorecard' | 'report'>;

/** Columns of `grade` but its ids; and its document, the same for the same findings. */
export type GradeRecord = ReturnType<typeof recordOf>;

export function recordOf({ scorecard, report, counts, ...times }: MadeGrade) {
  const { level, overall, vectors, criteria, tool, digest, gradedAt } = scorecard;
  const kept: Kept = { scorecard: { ...scorecard, gradedAt: '' }, report };
  return {
    document: Buffer.from(
      undatedText(JSON.stringify(kept), { ...times, gradedAt: new Date(gradedAt) }),
    ),
    digest: `\\x${digestHex(digest)}`,
    level,
    ...overall,
    scoville: tool.version,
    graded_at: gradedAt,
    built_at: times.builtAt,
    advisories_at: times.advisoriesAt,
    vectors: VECTORS.map((vector) => vectors[vector].grade).join(' '),
    counts: counts && SEVERITIES.map((severity) => counts[severity]),
    failing: criteria.flatMap(({ id, outcome }) => (outcome === 'fail' ? [id] : [])),
  };
}

/** An ImageRow, of `image i` and its grades `g` and `b`. */
export const IMAGE = object(
  `'image', i.name, 'digest', 'sha256:' || encode(i.digest, 'hex'), ${fields('i', 'isFollowed checkedAt goneAt')},
   'latest', CASE WHEN g.id IS NOT NULL THEN ${gradeOf('g')} END,
   'before', CASE WHEN b.id IS NOT NULL THEN ${object(`${fields('b', 'id gradedAt level')}, ${score('b')}`)} END`,
);

export const TOKEN = object(fields('t', 'id name scopes createdAt expiresAt revokedAt usedAt'));

/** What a statement gives as JSON, in a column `row`. */
export async function read<T>(query: Query, sql: string, values: readonly unknown[]): Promise<T[]> {
  const rows = await query<{ row: unknown }>(sql, values);
  return rows.map(({ row }) => revived('', row) as T);
}

/** With dates for times, and the parts of an image's name for it. */
function revived(name: string, value: unknown): unknown {
  if (typeof value === 'string' && name === 'image') return imageOf(value);
  if (typeof value === 'string' && name.endsWith('At')) return new Date(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, revived(key, one)]));
}
