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
import { type Due, followRecords, GONE, imageRecords } from './records-images.ts';
import { upkeepRecords } from './records-upkeep.ts';
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
/** A worker that ends each time it grades an image does not get it for ever. */
const MOST_ATTEMPTS = 30;

/** All that the database has of asks, grades and images. */
export type Records = ReturnType<typeof makeRecords>;

export function makeRecords(database: Database, { now, settings }: RecordsOptions) {
  return {
    ...askRecords(database, now),
    ...gradeRecords(database, now, settings.every.gradeSeconds),
    ...imageRecords(database, now),
    ...followRecords(database, now, settings.every.gradeSeconds),
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
  const rows = asks.map(({ image, reason, askedBy, fresh = false, here = false }) => {
    const [id, name, isOpen] = [randomUUID(), nameOf(image), !fresh && !here];
    const row = { id, name, reason, asked_by: askedBy, is_open: isOpen, has_job: !here };
    return { key: isOpen ? name : id, row };
  });
  await makeImages(
    query,
    rows.map(({ row }) => row.name),
  );
  const firsts = new Map(rows.toReversed().map(({ key, row }) => [key, row]));
  // One that is queued is locked until the end: a worker that starts it waits for that.
  const written = await read<Ask>(
    query,
    `WITH a AS (
       INSERT INTO ask (id, image_id, reason, asked_by, is_open, has_job, asked_at)
       SELECT m.id, i.id, reason, asked_by, is_open, has_job, $2
       FROM json_to_recordset($1) AS m (id uuid, name text, reason text, asked_by text, is_open bool, has_job bool)
       JOIN image i USING (name) ORDER BY i.id
       ON CONFLICT (image_id) WHERE is_open DO UPDATE SET is_open = true RETURNING *
     ) SELECT ${ASK} AS row FROM a JOIN image i ON i.id = a.image_id`,
    [JSON.stringify([...firsts.values()]), new Date(now)],
  );
  const asked = new Map(
    written.map((ask) => [firsts.has(ask.id) ? ask.id : nameOf(ask.image), ask]),
  );
  return rows.map(({ key, row }) => {
    const ask = asked.get(key) as Ask;
    return { ask, isNew: ask.id === row.id };
  });
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
      if (ask === undefined || ask.attempts <= MOST_ATTEMPTS) return ask;
      await fail(id, { message: `the worker ended ${MOST_ATTEMPTS} times while grading it` });
      return undefined;
    },
    progress: async (id: string, line: string): Promise<void> => {
      await query(`UPDATE ask SET progress = $2 WHERE id = $1 AND state = 'running'`, [
        ...[id, line.slice(0, 500)],
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
      ...[id, await promisify(gzip)(json)],
    ]);
  return ids;
}

/** What PostgreSQL would refuse as an id is nobody's. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}
