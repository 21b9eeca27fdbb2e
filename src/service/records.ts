import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { given } from '../lib/json.ts';
import { GRADES as BEST_FIRST } from '../model/scorecard.ts';
import type { Database, Query } from './database.ts';
import { datedText } from './dated-text.ts';
import {
  ASK,
  type GradeRecord,
  GRADES,
  gradeOf,
  type Kept,
  type MadeGrade,
  nameOf,
  object,
  read,
  recordOf,
} from './record-rows.ts';
import { type Due, GONE, imageRecords } from './records-images.ts';
import type { ServiceSettings } from './settings.ts';
import type { Ask, AskError, GradeDetail, GradeRow, ImageName, Reason } from './shapes.ts';

export interface NewAsk {
  readonly image: ImageName;
  readonly reason: Reason;
  readonly askedBy?: string;
  /** Not one with another that is queued for the same image. */
  readonly fresh?: boolean;
  /** No job: this process grades it itself, with credentials that nobody else has. */
  readonly here?: boolean;
}

export interface MadeVerdict extends MadeGrade {
  readonly image: ImageName;
  /** Key or identity. */
  readonly signer: string;
}

export interface Finished {
  readonly grade: GradeRow;
  /** Against the grade before it. */
  readonly change: 'first' | 'same' | 'better' | 'worse';
  readonly before?: GradeRow;
  /** False where the ask was finished before: nothing was written. */
  readonly isNew: boolean;
}

export interface RecordsOptions {
  readonly now: () => number;
  readonly settings: Pick<ServiceSettings, 'every' | 'keepSeconds' | 'bounds'>;
}

/** Registry faults that an ask may have before it fails. */
const MOST_FAULTS = 5;
const BATCH = 1_000;
/** An ask is of use for its days; grades stay longer. */
const ASK_SECONDS = 30 * 86_400;
/** A time of use is written once an hour. */
const USED_SECONDS = 3_600;
/** Part of the bound that may be written before what is over it is removed. */
const OVER = 1 / 32;

/** All that the database has of asks, grades and images. */
export type Records = ReturnType<typeof makeRecords>;

export function makeRecords(database: Database, { now, settings }: RecordsOptions) {
  return {
    ...askRecords(database, now),
    ...gradeRecords(database, now, settings.every.gradeSeconds),
    ...imageRecords(database, now, settings.every.gradeSeconds),
    ...upkeepRecords(database, now, settings),
  };
}

const ASKS = `SELECT ${ASK} AS row FROM ask a JOIN image i ON i.id = a.image_id`;

export interface Asked {
  readonly ask: Ask;
  readonly isNew: boolean;
}

/** New asks, or those that are queued for their images, in order. Part of a transaction. */
export async function createAsks(
  query: Query,
  asks: readonly NewAsk[],
  now: number,
): Promise<readonly Asked[]> {
  const rows = asks.map(({ image, reason, askedBy, fresh = false, here = false }, place) => {
    const open = { is_open: !fresh && !here, has_job: !here };
    return { place, id: randomUUID(), name: nameOf(image), reason, asked_by: askedBy, ...open };
  });
  await makeImages(
    query,
    rows.map(({ name }) => name),
  );
  // One that is queued is locked until the end: a worker that starts it waits for that.
  return read<Asked>(
    query,
    `WITH m AS (
       SELECT m.*, i.id AS image_id,
         row_number() OVER (PARTITION BY i.id, CASE WHEN NOT is_open THEN m.id END ORDER BY place) AS turn
       FROM json_to_recordset($1) AS m
         (place int, id uuid, name text, reason text, asked_by text, is_open bool, has_job bool)
       JOIN image i USING (name)
     ), a AS (
       INSERT INTO ask (id, image_id, reason, asked_by, is_open, has_job, asked_at)
       SELECT id, image_id, reason, asked_by, is_open, has_job, $2 FROM m WHERE turn = 1 ORDER BY image_id
       ON CONFLICT (image_id) WHERE is_open DO UPDATE SET is_open = true RETURNING *
     ) SELECT ${object(`'ask', ${ASK}, 'isNew', a.id = m.id`)} AS row
     FROM m JOIN image i ON i.id = m.image_id
     JOIN a ON a.image_id = m.image_id AND (a.id = m.id OR (a.is_open AND m.is_open)) ORDER BY place`,
    [JSON.stringify(rows), new Date(now)],
  );
}

/** Rows of images that are new. In order, so that two of them never wait for each other. */
async function makeImages(query: Query, names: readonly string[]): Promise<void> {
  await query(
    `INSERT INTO image (name, is_tag)
     SELECT DISTINCT name, name NOT LIKE '%@%' FROM unnest($1::text[]) AS n (name)
     WHERE NOT EXISTS (SELECT FROM image i WHERE i.name = n.name) ORDER BY name ON CONFLICT DO NOTHING`,
    [names],
  );
}

function askRecords({ query }: Database, now: () => number) {
  const one = async (where: string, value: unknown): Promise<Ask | undefined> =>
    (await read<Ask>(query, `${ASKS} WHERE ${where}`, [value]))[0];
  /**
   * With `mayRetry`, up to five times, the ask is queued again with its error: then throw TryAgain.
   * `gone`: its registry does not have the image any more.
   */
  const fail = async (
    id: string,
    error: AskError,
    { mayRetry = false, gone = false } = {},
  ): Promise<'queued' | 'failed'> => {
    const [row] = await query<{ state: 'queued' | 'failed'; name: string }>(
      `UPDATE ask a SET faults = faults + 1, is_open = false, error = $2::jsonb, progress = NULL,
         state = CASE WHEN $3 AND has_job AND faults < $4 THEN 'queued' ELSE 'failed' END,
         finished_at = CASE WHEN $3 AND has_job AND faults < $4 THEN NULL ELSE $5::timestamptz END
       FROM image i WHERE a.id = $1 AND i.id = a.image_id AND a.state IN ('queued', 'running')
       RETURNING a.state, i.name`,
      [id, JSON.stringify(error), mayRetry, MOST_FAULTS, new Date(now())],
    );
    if (gone && row !== undefined) await query(GONE, [row.name, new Date(now())]);
    return row?.state ?? 'failed';
  };
  return {
    ask: async (id: string): Promise<Ask | undefined> =>
      isUuid(id) ? one('a.id = $1', id) : undefined,
    asks: (ids: readonly string[]): Promise<readonly Ask[]> =>
      read<Ask>(query, `${ASKS} WHERE a.id = ANY($1::uuid[])`, [ids]),
    lastAsk: (image: ImageName): Promise<Ask | undefined> =>
      one('i.name = $1 ORDER BY a.asked_at DESC LIMIT 1', nameOf(image)),
    /** Now running, one attempt more; undefined where it is done, failed or unknown. */
    start: async (id: string): Promise<Ask | undefined> => {
      const [ask] = await read<Ask>(
        query,
        `UPDATE ask a SET state = 'running', is_open = false, attempts = attempts + 1, started_at = $2
         FROM image i WHERE a.id = $1 AND i.id = a.image_id AND a.state IN ('queued', 'running')
         RETURNING ${ASK} AS row`,
        [id, new Date(now())],
      );
      return ask;
    },
    progress: async (id: string, line: string): Promise<void> => {
      await query(`UPDATE ask SET progress = $2 WHERE id = $1 AND state = 'running'`, [
        id,
        line.slice(0, 500),
      ]);
    },
    fail,
  };
}

/** Runs in the transaction that keeps a new grade, to send jobs. */
export type Within = (finished: Finished, query: Query) => Promise<void>;

function gradeRecords({ query, transaction }: Database, now: () => number, gradeSeconds: number) {
  const grade = async (id: string): Promise<GradeRow | undefined> =>
    isUuid(id) ? (await read<GradeRow>(query, `${GRADES} WHERE g.id = $1`, [id]))[0] : undefined;
  return {
    /** Grade, image and ask in one transaction, exactly once: a second call changes nothing. */
    finish: (askId: string, made: MadeGrade, within?: Within): Promise<Finished> =>
      transaction(async (query) => {
        const [ask] = await query<{ image_id: number; grade_id: string | null }>(
          `SELECT a.image_id, a.grade_id FROM ask a JOIN image i ON i.id = a.image_id
           WHERE a.id = $1 FOR UPDATE`,
          [askId],
        );
        if (ask === undefined) throw new Error(`no ask ${askId}`);
        if (ask.grade_id !== null) return finishedBefore(query, ask.grade_id);
        const one = { ...recordOf(made), image_id: ask.image_id, ask_id: askId };
        const dates = [new Date(now()), new Date(now() + gradeSeconds * 1000)];
        return (await addGrades(query, [one], within, dates))[0] as Finished;
      }),
    /**
     * Keeps grades of tags, by name, in one transaction: of those that nobody graded, removed or
     * asked for since they were due. Gives those of them without a grade.
     */
    finishDue: (
      due: readonly Due[],
      made: ReadonlyMap<string, GradeRecord>,
      within?: Within,
    ): Promise<readonly Due[]> =>
      transaction(async (query) => {
        const left = await query<Due & { id: number }>(
          `SELECT i.id, name, grade_id FROM json_to_recordset($1) AS m (name text, grade_id uuid)
           JOIN image i USING (name, grade_id) WHERE gone_at IS NULL
             AND NOT EXISTS (SELECT FROM ask WHERE image_id = i.id AND state IN ('queued', 'running'))
           ORDER BY i.id FOR UPDATE OF i`,
          [JSON.stringify(due)],
        );
        const grades = left.flatMap(({ id, name }) => {
          const one = made.get(name);
          return one === undefined ? [] : [{ ...one, image_id: id }];
        });
        await addGrades(query, grades, within);
        return left.filter(({ name }) => !made.has(name));
      }),
    /** The same verdict again gives the grade of the first time. */
    addVerdict: (verdict: MadeVerdict): Promise<Finished> =>
      transaction(async (query) => {
        const { image, signer, scorecard } = verdict;
        await makeImages(query, [nameOf(image)]);
        await query('SELECT FROM image WHERE name = $1 FOR UPDATE', [nameOf(image)]);
        const [row] = await query<{ id: number; grade_id: string | null }>(
          `SELECT i.id, g.id AS grade_id FROM image i LEFT JOIN grade g
           ON g.image_id = i.id AND g.graded_at = $2 AND g.signer = $3 WHERE name = $1`,
          [nameOf(image), new Date(scorecard.gradedAt), signer],
        );
        const { id = 0, grade_id: same = null } = row ?? {};
        if (same !== null) return finishedBefore(query, same);
        const one = { ...recordOf(verdict), image_id: id, signer };
        return (await addGrades(query, [one]))[0] as Finished;
      }),
    grade,
    detail: async (
      id: string,
    ): Promise<(GradeDetail & { readonly report?: unknown }) | undefined> => {
      const row = await grade(id);
      if (row === undefined) return undefined;
      const [document] = await query<{ body: Uint8Array }>(
        'SELECT body FROM document WHERE id = (SELECT document_id FROM grade WHERE id = $1)',
        [id],
      );
      if (document === undefined) return undefined;
      const json = datedText((await promisify(gunzip)(document.body)).toString(), row);
      // eslint-disable-next-line no-restricted-syntax -- written above, and no engine reads it
      const { scorecard, report } = JSON.parse(json) as Kept;
      const gradedAt = row.gradedAt.toISOString();
      return { ...row, scorecard: { ...scorecard, gradedAt }, ...given({ report }) };
    },
  };
}

async function finishedBefore(query: Query, gradeId: string): Promise<Finished> {
  const [grade] = await read<GradeRow>(query, `${GRADES} WHERE g.id = $1`, [gradeId]);
  if (grade === undefined) throw new Error(`no grade ${gradeId}`);
  return { grade, change: 'same', isNew: false };
}

interface NewGrade extends GradeRecord {
  readonly image_id: number;
  readonly ask_id?: string;
  readonly signer?: string;
}

/** Writes grades of images that are locked; each becomes its image's newest, where it is. */
async function addGrades(
  query: Query,
  made: readonly NewGrade[],
  within?: Within,
  dates: readonly (Date | null)[] = [null, null],
): Promise<readonly Finished[]> {
  const documents = await keepDocuments(query, made);
  const rows = made.map((one, i) => {
    return { ...one, document: undefined, id: randomUUID(), document_id: documents[i] };
  });
  const values = [JSON.stringify(rows), BEST_FIRST, ...dates];
  const written = await read<Omit<Finished, 'isNew'>>(query, ADD, values);
  if (written.length < rows.length) throw new Error('a grade was not written');
  const all = written.map((one): Finished => ({ ...one, isNew: true }));
  for (const one of all) await within?.(one, query);
  return all;
}

// It is better or worse by level, then by grade. A build's verdict speaks for the tag while the tag
// has that build.
const ADD = `
WITH g AS (INSERT INTO grade SELECT * FROM json_populate_recordset(NULL::grade, $1) RETURNING *),
compared AS (
  SELECT g.id, i.grade_id AS last_id, coalesce(b.graded_at <= g.graded_at, true)
      AND (g.signer IS NULL OR coalesce(i.digest = g.digest, true)) AS is_newest,
    CASE WHEN b.id IS NULL THEN 'first' ELSE (ARRAY['worse', 'same', 'better'])[2 + sign(
      (g.level - b.level) * 100 + array_position($2::text[], b.grade) - array_position($2::text[], g.grade)
    )::int] END AS change
  FROM g JOIN image i ON i.id = g.image_id LEFT JOIN grade b ON b.id = i.grade_id
), newest AS (
  UPDATE image i SET digest = g.digest, grade_id = g.id, graded_at = g.graded_at, level = g.level,
    built_at = g.built_at, failing = g.failing,
    checked_at = CASE WHEN g.signer IS NULL THEN g.graded_at ELSE i.checked_at END,
    gone_at = CASE WHEN g.signer IS NULL THEN NULL ELSE i.gone_at END,
    before_id = CASE change WHEN 'same' THEN i.before_id ELSE i.grade_id END,
    worse_at = CASE change WHEN 'same' THEN i.worse_at WHEN 'worse' THEN g.graded_at END
  FROM g JOIN compared USING (id) WHERE i.id = g.image_id AND is_newest
), done AS (
  UPDATE ask a SET state = 'done', is_open = false, finished_at = $3, grade_id = g.id, error = NULL, progress = NULL
  FROM g WHERE a.id = g.ask_id
), again AS (
  INSERT INTO due SELECT i.id, $4::timestamptz FROM g JOIN image i ON i.id = g.image_id WHERE g.ask_id IS NOT NULL AND i.is_tag
  ON CONFLICT (image_id) DO UPDATE SET due_at = excluded.due_at
)
SELECT ${object(`'grade', ${gradeOf('g')}, 'before', CASE WHEN b.id IS NOT NULL THEN ${gradeOf('b')} END, 'change', change`)} AS row
FROM g JOIN compared USING (id) JOIN image i ON i.id = g.image_id LEFT JOIN grade b ON b.id = last_id`;

/** Keeps each once. Gives their ids, as PostgreSQL reads them. */
async function keepDocuments(query: Query, made: readonly NewGrade[]): Promise<readonly string[]> {
  const ids = made.map(
    ({ document }) => `\\x${createHash('sha256').update(document).digest('hex')}`,
  );
  const left = new Map(ids.map((id, i) => [id, made[i]?.document ?? '']));
  const known = await query<{ id: string }>(
    `SELECT id::text FROM document WHERE id = ANY ($1::text[]::bytea[]) FOR KEY SHARE`,
    [[...left.keys()]],
  );
  for (const { id } of known) left.delete(id);
  for (const [id, json] of [...left].sort())
    await query('INSERT INTO document VALUES ($1::text::bytea, $2) ON CONFLICT DO NOTHING', [
      id,
      await promisify(gzip)(json),
    ]);
  return ids;
}

function upkeepRecords(
  { query, transaction }: Database,
  now: () => number,
  { keepSeconds, bounds }: RecordsOptions['settings'],
) {
  const before = (seconds: number): Date => new Date(now() - seconds * 1000);
  let written = 0;

  /** Those used last stay, up to the bound. */
  const trimFacts = async (): Promise<void> => {
    written = 0;
    await query(
      `DELETE FROM layer_facts WHERE key IN (
         SELECT key FROM (
           SELECT key, sum(bytes) OVER (ORDER BY used_at DESC, key) AS total FROM layer_facts
         ) f WHERE total > $1
       )`,
      [bounds.factBytes],
    );
  };
  /** Grades beyond `keep`, but the newest of an image and the one that it is compared with. */
  const removeGrades = (): Promise<number> =>
    transaction(async (query) => {
      const removed = await query<{ document_id: Uint8Array }>(
        `DELETE FROM grade WHERE id IN (
           SELECT g.id FROM grade g JOIN image i ON i.id = g.image_id
           WHERE g.graded_at < $1 AND g.id IS DISTINCT FROM i.grade_id AND g.id IS DISTINCT FROM i.before_id
           ORDER BY g.graded_at LIMIT $2
         ) RETURNING document_id`,
        [before(keepSeconds), BATCH],
      );
      await query(
        `DELETE FROM document d WHERE d.id = ANY ($1::bytea[])
         AND NOT EXISTS (SELECT FROM grade g WHERE g.document_id = d.id)`,
        [removed.map(({ document_id }) => document_id)],
      );
      return removed.length;
    });
  const removeAsks = async (): Promise<number> => {
    const removed = await query(
      `DELETE FROM ask WHERE id IN (
         SELECT id FROM ask WHERE asked_at < $1 AND state IN ('done', 'failed') ORDER BY asked_at LIMIT $2
       ) RETURNING id`,
      [before(Math.min(keepSeconds, ASK_SECONDS)), BATCH],
    );
    return removed.length;
  };

  return {
    /** As graders pack them; those that were not used longest go first. */
    layerFacts: async (key: string): Promise<Uint8Array | undefined> => {
      const [row] = await query<{ body: Uint8Array }>(
        `WITH used AS (UPDATE layer_facts SET used_at = $2 WHERE key = $1 AND used_at < $3)
         SELECT body FROM layer_facts WHERE key = $1`,
        [key, before(0), before(USED_SECONDS)],
      );
      return row?.body;
    },
    putLayerFacts: async (key: string, facts: Uint8Array): Promise<void> => {
      if (facts.length > bounds.factBytes) return;
      await query(
        `INSERT INTO layer_facts VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE
         SET body = excluded.body, bytes = excluded.bytes, used_at = excluded.used_at`,
        [key, facts, facts.length, new Date(now())],
      );
      written += facts.length;
      if (written > bounds.factBytes * OVER) await trimFacts();
    },
    /** Removes what is older than `keep`, never an image's newest grade. */
    upkeep: async (): Promise<void> => {
      while ((await removeGrades()) === BATCH);
      while ((await removeAsks()) === BATCH);
      await trimFacts();
    },
    /** Asks by state, since when the oldest one waits, images, and bytes of facts on the disk. */
    counts: async () => {
      const [row] = await query<
        Record<'queued' | 'running' | 'images' | 'facts', number> & {
          oldest: Date | null;
        }
      >(
        `SELECT count(*) FILTER (WHERE state = 'queued') AS queued,
           count(*) FILTER (WHERE state = 'running') AS running,
           min(asked_at) FILTER (WHERE state = 'queued') AS oldest,
           (SELECT coalesce(sum(images), 0)::bigint FROM tally) AS images,
           pg_total_relation_size('layer_facts') AS facts
         FROM ask WHERE state IN ('queued', 'running')`,
      );
      const { queued = 0, running = 0, images = 0, facts = 0, oldest } = row ?? {};
      return {
        asks: { queued, running },
        ...given({ oldestQueued: oldest ?? undefined }),
        images,
        factBytes: facts,
      };
    },
  };
}

/** What PostgreSQL would refuse as an id is nobody's. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}
