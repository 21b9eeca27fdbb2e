import { DAY_MS } from '../lib/time.ts';
import type { Digest } from '../model/reference.ts';
import type { Database, FleetSummary, ImageFilter, Page, PageRequest, Records } from './deps.ts';
import {
  digestBytes,
  gradeOf,
  IMAGE_COLUMNS,
  IMAGE_JOINS,
  imageOf,
  imageRowOf,
  nameOf,
  pageOf,
  placeOf,
  type StoredGrade,
  type StoredImage,
} from './record-rows.ts';
import type { GradeRow, ImageName, ImageRow } from './shapes.ts';

const OLD_DAYS = 30;
const MOST_WORSE = 20;
const EXPORT_BATCH = 1_000;

type ImageRecords = Pick<
  Records,
  'image' | 'tags' | 'imagesOf' | 'search' | 'summary' | 'export' | 'history' | 'gradesOf'
>;

/** Lists of images and grades. Each is a range of an index, a page at a time. */
export function imageRecords({ query }: Database, now: () => number): ImageRecords {
  /** Images that `where` names, in the order of an index, then joined with their grades. */
  const images = (
    where: string,
    order: string,
    values: readonly unknown[],
    limit: number,
  ): Promise<StoredImage[]> =>
    query<StoredImage>(
      `SELECT ${IMAGE_COLUMNS} FROM (
         SELECT * FROM image i WHERE ${where} ORDER BY ${order} LIMIT ${limit}
       ) i ${IMAGE_JOINS} ORDER BY ${order}`,
      values,
    );
  const byName = async (
    where: readonly string[],
    values: unknown[],
    { cursor, limit }: PageRequest,
  ): Promise<Page<ImageRow>> => {
    const place = placeOf(cursor, ['string']);
    if (place !== undefined) where = [...where, `i.name > $${values.push(place[0])}`];
    const found = await images(where.join(' AND ') || 'true', 'i.name', values, limit + 1);
    return pageOf(found, limit, imageRowOf, ({ name }) => [name]);
  };
  const grades = async (
    where: string,
    values: readonly unknown[],
    limit: number,
  ): Promise<{ g: StoredGrade; name: string }[]> =>
    query(
      `SELECT to_jsonb(g) AS g, i.name FROM (
         SELECT * FROM grade WHERE ${where} ORDER BY graded_at DESC, id DESC LIMIT ${limit}
       ) g JOIN image i ON i.id = g.image_id ORDER BY g.graded_at DESC, g.id DESC`,
      values,
    );
  const rowOf = ({ g, name }: { g: StoredGrade; name: string }): GradeRow => gradeOf(g, name);

  return {
    image: async (image) => {
      const [row] = await images('i.name = $1', 'i.name', [nameOf(image)], 1);
      return row === undefined ? undefined : imageRowOf(row);
    },
    tags: (registry, repository, page) => {
      const values: unknown[] = [];
      return byName(inRange(`${registry}/${repository}:`, values), values, page);
    },
    imagesOf: async (digest, limit) =>
      (
        await images('i.digest = $1 AND i.is_tag', 'i.digest, i.name', [digestBytes(digest)], limit)
      ).map(imageRowOf),
    search: async (filter, page) => {
      const { where, values } = conditions(filter, now());
      if (filter.olderThanDays === undefined) return byName(where, values, page);
      const place = placeOf(page.cursor, ['number', 'string']);
      if (place !== undefined) {
        const at = values.push(new Date(Number(place[0])));
        where.push(`(i.built_at, i.name) > ($${at}, $${values.push(place[1])})`);
      }
      const order = 'i.built_at, i.name';
      const found = await images(where.join(' AND '), order, values, page.limit + 1);
      return pageOf(found, page.limit, imageRowOf, ({ built_at, name }) => [
        built_at?.getTime() ?? 0,
        name,
      ]);
    },
    summary: async () => {
      const old = new Date(now() - OLD_DAYS * DAY_MS);
      const counted = await query<{ level: number; images: number; old: number }>(
        `SELECT level, sum(images)::bigint AS images,
           coalesce(sum(images) FILTER (WHERE built_on < $1::date), 0)::bigint AS old
         FROM tally GROUP BY level`,
        [old.toISOString().slice(0, 10)],
      );
      const worse = await images(
        'i.worse_at > $1 AND i.is_tag AND i.gone_at IS NULL',
        'i.worse_at DESC',
        [new Date(now() - 7 * DAY_MS)],
        MOST_WORSE,
      );
      return summaryOf(counted, worse);
    },
    export: () => exported(byName),
    history: async (image, { cursor, limit }) => {
      const values: unknown[] = [nameOf(image)];
      const place = placeOf(cursor, ['number', 'string']);
      if (place !== undefined) values.push(new Date(Number(place[0])), place[1]);
      const found = await grades(
        `image_id = (SELECT id FROM image WHERE name = $1)${
          place === undefined ? '' : ' AND (graded_at, id) < ($2, $3::uuid)'
        }`,
        values,
        limit + 1,
      );
      return pageOf(found, limit, rowOf, ({ g }) => [Date.parse(g.graded_at), g.id]);
    },
    gradesOf: async (digest: Digest, limit) =>
      (await grades('digest = $1', [digestBytes(digest)], limit)).map(rowOf),
  };
}

/** Names that begin with a text that ends with `/` or `:`: up to the next character. */
export function inRange(prefix: string, values: unknown[]): readonly string[] {
  const last = prefix.charCodeAt(prefix.length - 1);
  const end = prefix.slice(0, -1) + String.fromCharCode(last + 1);
  return [`i.name >= $${values.push(prefix)}`, `i.name < $${values.push(end)}`];
}

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

function summaryOf(
  counted: readonly { level: number; images: number; old: number }[],
  worse: readonly StoredImage[],
): FleetSummary {
  const sum = (of: readonly number[]): number => of.reduce((all, one) => all + one, 0);
  const at = (level: number): number => counted.find((one) => one.level === level)?.images ?? 0;
  return {
    images: sum(counted.map(({ images }) => images)),
    levels: [0, 1, 2, 3, 4, 5].map(at),
    ungraded: at(-1),
    old: sum(counted.map(({ old }) => old)),
    worse: worse.map(imageRowOf),
  };
}

/** A page after another: no cursor of the database stays open while the reader is slow. */
async function* exported(
  byName: (
    where: readonly string[],
    values: unknown[],
    page: PageRequest,
  ) => Promise<Page<ImageRow>>,
): AsyncGenerator<ImageRow> {
  let cursor: string | undefined;
  do {
    const page: Page<ImageRow> = await byName(['i.is_tag'], [], {
      limit: EXPORT_BATCH,
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.rows;
    cursor = page.next;
  } while (cursor !== undefined);
}

type FollowRecords = Pick<Records, 'followTags' | 'checked' | 'gone' | 'takeDue'>;

/** What the registries have now, and what is to be graded again. */
export function followRecords(
  { query, transaction }: Database,
  now: () => number,
  gradeSeconds: number,
): FollowRecords {
  return {
    followTags: (registry, repository, tags) =>
      transaction(async (query) => {
        const names = tags.map((tag) => nameOf({ registry, repository, tag })).sort();
        const added = await query<{ name: string }>(
          `INSERT INTO image AS i (name, is_tag, is_followed) SELECT unnest($1::text[]), true, true
           ON CONFLICT (name) DO UPDATE SET is_followed = true, gone_at = NULL
           WHERE NOT i.is_followed OR i.gone_at IS NOT NULL RETURNING name`,
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
    checked: async (image, digest) => {
      const [row] = await query<{ is_graded: boolean }>(
        `INSERT INTO image AS i (name, is_tag, digest, checked_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE SET digest = $3, checked_at = $4, gone_at = NULL
         RETURNING EXISTS (SELECT FROM grade WHERE id = i.grade_id AND digest = $3) AS is_graded`,
        [nameOf(image), image.digest === undefined, digestBytes(digest), new Date(now())],
      );
      return row?.is_graded !== true;
    },
    gone: async (image) => {
      await query(GONE, [nameOf(image), new Date(now())]);
    },
    takeDue: async (limit) => {
      const taken = await query<{ name: string }>(
        `WITH taken AS (
           SELECT image_id FROM due WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
         ) UPDATE due SET due_at = $3 FROM taken, image i
         WHERE due.image_id = taken.image_id AND i.id = due.image_id RETURNING i.name`,
        [new Date(now()), limit, new Date(now() + gradeSeconds * 1000)],
      );
      return taken.map(({ name }): ImageName => imageOf(name));
    },
  };
}

export const GONE = `WITH gone AS (
    UPDATE image SET gone_at = $2 WHERE name = $1 AND gone_at IS NULL RETURNING id
  ) DELETE FROM due WHERE image_id IN (SELECT id FROM gone)`;
