import { DAY_MS } from '../lib/time.ts';
import type { Digest } from '../model/reference.ts';
import type { Database } from './database.ts';
import { type Page, pageOf, type PageRequest, placeOf } from './http.ts';
import { digestBytes, GRADES, IMAGE, imageOf, nameOf, read } from './record-rows.ts';
import type { GradeRow, ImageName, ImageRow } from './shapes.ts';

export interface ImageFilter {
  readonly level?: number;
  readonly registry?: string;
  /** Built this many days ago or earlier. */
  readonly olderThanDays?: number;
  readonly fails?: string;
  /** Part of the name; up to two characters are the beginning of what follows a `/`. */
  readonly q?: string;
}

/** A tag whose grade is a day old. */
export interface Due {
  readonly name: string;
  /** That grade: with another one it is not due any more. */
  readonly grade_id: string;
}

export type FleetSummary = Awaited<ReturnType<ReturnType<typeof imageRecords>['summary']>>;

const OLD_DAYS = 30;
const MOST_WORSE = 20;
const EXPORT_BATCH = 1_000;

/**
 * Lists of images and grades, each a range of an index, a page at a time; what the registries have
 * now, and what is to be graded again.
 */
export function imageRecords(
  { query, transaction }: Database,
  now: () => number,
  gradeSeconds: number,
) {
  /** Images that `where` names, in the order of an index, then joined with their grades. */
  const images = (
    where: readonly string[],
    order: string,
    values: readonly unknown[],
    limit: number,
  ): Promise<ImageRow[]> =>
    read<ImageRow>(
      query,
      `SELECT ${IMAGE} AS row
       FROM (SELECT * FROM image i WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${limit}) i
       LEFT JOIN grade g ON g.id = i.grade_id LEFT JOIN grade b ON b.id = i.before_id ORDER BY ${order}`,
      values,
    );
  /** By name, or the oldest first. */
  const page = async (
    where: readonly string[],
    values: unknown[],
    { cursor, limit }: PageRequest,
    isByAge = false,
  ): Promise<Page<ImageRow>> => {
    const order = isByAge ? 'i.built_at, i.name' : 'i.name';
    const place = placeOf(cursor, isByAge ? ['number', 'string'] : ['string']);
    const after = place?.map((one) => `$${values.push(isTime(one) ? new Date(one) : one)}`);
    const all = after === undefined ? where : [...where, `(${order}) > (${after.join()})`];
    return pageOf(await images(all, order, values, limit + 1), limit, ({ image, latest }) => {
      return [...(isByAge ? [latest?.builtAt?.getTime() ?? 0] : []), nameOf(image)];
    });
  };
  const grades = (
    where: string,
    values: readonly unknown[],
    limit: number,
  ): Promise<readonly GradeRow[]> =>
    read<GradeRow>(
      query,
      `${GRADES} WHERE ${where} ORDER BY g.graded_at DESC, g.id DESC LIMIT ${limit}`,
      values,
    );

  return {
    image: async (image: ImageName): Promise<ImageRow | undefined> =>
      (await images(['i.name = $1'], 'i.name', [nameOf(image)], 1))[0],
    tags: (registry: string, repository: string, request: PageRequest): Promise<Page<ImageRow>> => {
      const values: unknown[] = [];
      return page(inRange(`${registry}/${repository}:`, values), values, request);
    },
    /** Tags whose digest, when last checked, was this. */
    imagesOf: (digest: Digest, limit: number): Promise<readonly ImageRow[]> =>
      images(['i.digest = $1', 'i.is_tag'], 'i.digest, i.name', [digestBytes(digest)], limit),
    /** By name; with `olderThanDays` by age, the oldest first. Not those that are gone. */
    search: (filter: ImageFilter, request: PageRequest): Promise<Page<ImageRow>> => {
      const { where, values } = conditions(filter, now());
      return page(where, values, request, filter.olderThanDays !== undefined);
    },
    summary: async () => {
      const old = new Date(now() - OLD_DAYS * DAY_MS);
      const counted = await query<{ level: number; images: number; old: number }>(
        `SELECT level, sum(images)::bigint AS images,
           coalesce(sum(images) FILTER (WHERE built_on < $1::date), 0)::bigint AS old
         FROM tally GROUP BY level`,
        [old.toISOString().slice(0, 10)],
      );
      const sum = (of: 'images' | 'old'): number => counted.reduce((all, one) => all + one[of], 0);
      const at = (level: number): number => counted.find((one) => one.level === level)?.images ?? 0;
      return {
        images: sum('images'),
        ungraded: at(-1),
        old: sum('old'),
        /** Graded images by level, 0 to 5. */
        levels: [0, 1, 2, 3, 4, 5].map(at) as readonly number[],
        /** Whose last change, in the last seven days, was for the worse; the newest first. */
        worse: (await images(
          ['i.worse_at > $1', 'i.is_tag', 'i.gone_at IS NULL'],
          'i.worse_at DESC',
          [new Date(now() - 7 * DAY_MS)],
          MOST_WORSE,
        )) as readonly ImageRow[],
      };
    },
    /** All images, by name, in pages: no cursor of the database is open while a reader is slow. */
    async *export(): AsyncGenerator<ImageRow> {
      let cursor: string | undefined;
      do {
        const { rows, next } = await page(['i.is_tag'], [], { limit: EXPORT_BATCH, cursor });
        yield* rows;
        cursor = next;
      } while (cursor !== undefined);
    },
    /** Newest first. */
    history: async (image: ImageName, { cursor, limit }: PageRequest): Promise<Page<GradeRow>> => {
      const values: unknown[] = [nameOf(image)];
      const place = placeOf(cursor, ['number', 'string']);
      if (place !== undefined) values.push(new Date(Number(place[0])), place[1]);
      const after = place === undefined ? '' : 'AND (g.graded_at, g.id) < ($2, $3::uuid)';
      const where = `g.image_id = (SELECT id FROM image WHERE name = $1) ${after}`;
      const found = await grades(where, values, limit + 1);
      return pageOf(found, limit, ({ gradedAt, id }) => [gradedAt.getTime(), id]);
    },
    /** Newest first. */
    gradesOf: (digest: Digest, limit: number): Promise<readonly GradeRow[]> =>
      grades('g.digest = $1', [digestBytes(digest)], limit),
    /**
     * The tags that a repository has now, of those that are followed. Gives the ones that are new;
     * followed ones that are missing count as gone.
     */
    followTags: (
      registry: string,
      repository: string,
      tags: readonly string[],
    ): Promise<readonly ImageName[]> =>
      transaction(async (query) => {
        const names = tags.map((tag) => nameOf({ registry, repository, tag }));
        // Of those that are new, in order: so two of them never wait for each other.
        const added = await query<{ name: string }>(
          `INSERT INTO image AS i (name, is_tag, is_followed)
           SELECT name, true, true FROM unnest($1::text[]) AS n (name) WHERE NOT EXISTS (
             SELECT FROM image k WHERE k.name = n.name AND k.is_followed AND k.gone_at IS NULL
           ) ORDER BY name
           ON CONFLICT (name) DO UPDATE SET is_followed = true, gone_at = NULL RETURNING name`,
          [names],
        );
        const values: unknown[] = [names, new Date(now())];
        const range = inRange(`${registry}/${repository}:`, values).join(' AND ');
        await query(
          `WITH gone AS (
             UPDATE image i SET gone_at = $2
             WHERE ${range} AND i.is_followed AND i.gone_at IS NULL AND i.name <> ALL ($1::text[])
             RETURNING id
           ) DELETE FROM due WHERE image_id IN (SELECT id FROM gone)`,
          values,
        );
        return added.map(({ name }) => imageOf(name));
      }),
    /** A tag was checked: true where its digest is not the one of its newest grade. */
    checked: async (image: ImageName, digest: Digest): Promise<boolean> => {
      const [row] = await query<{ is_graded: boolean }>(
        `INSERT INTO image AS i (name, is_tag, digest, checked_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET digest = $3, checked_at = $4, gone_at = NULL
         RETURNING EXISTS (SELECT FROM grade WHERE id = i.grade_id AND digest = $3) AS is_graded`,
        [nameOf(image), image.digest === undefined, digestBytes(digest), new Date(now())],
      );
      return row?.is_graded !== true;
    },
    gone: async (image: ImageName): Promise<void> => {
      await query(GONE, [nameOf(image), new Date(now())]);
    },
    /** Images whose newest grade is too old, each given once a day. */
    takeDue: (limit: number): Promise<readonly Due[]> =>
      query<Due>(
        `WITH taken AS (
           SELECT image_id FROM due WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
         ) UPDATE due SET due_at = $3 FROM taken, image i
         WHERE due.image_id = taken.image_id AND i.id = due.image_id RETURNING i.name, i.grade_id`,
        [new Date(now()), limit, new Date(now() + gradeSeconds * 1000)],
      ),
  };
}

/** Names that begin with a text that ends with `/` or `:`: up to the next character. */
export function inRange(prefix: string, values: unknown[]): readonly string[] {
  const last = prefix.charCodeAt(prefix.length - 1);
  const end = prefix.slice(0, -1) + String.fromCharCode(last + 1);
  return [`i.name >= $${values.push(prefix)}`, `i.name < $${values.push(end)}`];
}

const isTime = (value: unknown): value is number => typeof value === 'number';

function conditions(
  { level, registry, olderThanDays, fails, q }: ImageFilter,
  now: number,
): { where: string[]; values: unknown[] } {
  const values: unknown[] = [];
  const where = ['i.is_tag', 'i.gone_at IS NULL'];
  if (level !== undefined) where.push(`i.level = $${values.push(level)}`);
  if (registry !== undefined) where.push(...inRange(`${registry}/`, values));
  if (olderThanDays !== undefined) {
    const at = new Date(now - olderThanDays * DAY_MS);
    where.push(`i.built_at IS NOT NULL AND i.built_at <= $${values.push(at)}`);
  }
  if (fails !== undefined) where.push(`i.failing @> ARRAY[$${values.push(fails)}]::text[]`);
  if (q !== undefined && q !== '') {
    const text = q.replaceAll(/[\\%_]/g, '\\$&');
    where.push(`i.name ILIKE $${values.push(q.length < 3 ? `%/${text}%` : `%${text}%`)}`);
  }
  return { where, values };
}

export const GONE = `WITH gone AS (
    UPDATE image SET gone_at = $2 WHERE name = $1 AND gone_at IS NULL RETURNING id
  ) DELETE FROM due WHERE image_id IN (SELECT id FROM gone)`;
