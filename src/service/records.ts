import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { given } from '../lib/json.ts';
import { VECTORS } from '../model/criterion.ts';
import { digestHex } from '../model/reference.ts';
import { GRADES as BEST_FIRST, type Scorecard } from '../model/scorecard.ts';
import type { Database, Query } from './database.ts';
import { datedText, undatedText } from './dated-text.ts';
import { ASK, GRADES, gradeOf, nameOf, object, read, SEVERITIES } from './record-rows.ts';
import { followRecords, GONE, imageRecords } from './records-images.ts';
import { upkeepRecords } from './records-upkeep.ts';
import type { ServiceSettings } from './settings.ts';
import type { Ask, AskError, Counts, GradeDetail, GradeRow, ImageName, Reason } from './shapes.ts';
import { together } from './together.ts';

export interface NewAsk {
  readonly image: ImageName;
  readonly reason: Reason;
  readonly askedBy?: string;
  /** Not one with another that is queued for the same image; facts are read again. */
  readonly fresh?: boolean;
  /** No job: this process grades it itself, with credentials that nobody else has. */
  readonly here?: boolean;
}

export interface MadeGrade {
  readonly scorecard: Scorecard;
  readonly counts?: Counts;
  readonly advisoriesAt?: Date;
  readonly builtAt?: Date;
  /** More for pages, reports and Harbor: any JSON; kept once by content, with the scorecard. */
  readonly report?: unknown;
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
  const start = together(async (ids: readonly string[]) => {
    const started = await read<Ask>(
      query,
      `UPDATE ask a SET state = 'running', is_open = false, attempts = attempts + 1, started_at = $2
       FROM image i WHERE a.id = ANY ($1::uuid[]) AND i.id = a.image_id AND a.state IN ('queued', 'running')
       RETURNING ${ASK} AS row`,
      [ids, new Date(now())],
    );
    return ids.map((id) => started.find((ask) => ask.id === id));
  });
  return {
    ask: async (id: string): Promise<Ask | undefined> =>
      isUuid(id) ? one('a.id = $1', id) : undefined,
    asks: (ids: readonly string[]): Promise<readonly Ask[]> =>
      read<Ask>(query, `${ASKS} WHERE a.id = ANY($1::uuid[])`, [ids]),
    lastAsk: (image: ImageName): Promise<Ask | undefined> =>
      one('i.name = $1 ORDER BY a.asked_at DESC LIMIT 1', nameOf(image)),
    /** Now running, one attempt more; undefined where it is done, failed or unknown. */
    start: async (id: string): Promise<Ask | undefined> => {
      const ask = await start(id);
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

/** A grade that ends an ask; `within` runs in its transaction. */
interface End {
  readonly askId: string;
  readonly made: MadeGrade;
  readonly within: ((finished: Finished, query: Query) => Promise<void>) | undefined;
}

function gradeRecords({ query, transaction }: Database, now: () => number, gradeSeconds: number) {
  const grade = async (id: string): Promise<GradeRow | undefined> =>
    isUuid(id) ? (await read<GradeRow>(query, `${GRADES} WHERE g.id = $1`, [id]))[0] : undefined;
  const finish = together((ends: readonly End[]) =>
    transaction(async (query) => {
      const asks = await query<{ id: string; image_id: number; grade_id: string | null }>(
        `SELECT a.id, a.image_id, a.grade_id FROM ask a JOIN image i ON i.id = a.image_id
         WHERE a.id = ANY ($1::uuid[]) ORDER BY i.id FOR UPDATE`,
        [ends.map(({ askId }) => askId)],
      );
      const isBefore = asks.find(({ grade_id }) => grade_id !== null);
      // Of an image one at a time: the next is compared with it.
      const isMixed =
        isBefore !== undefined || new Set(asks.map((one) => one.image_id)).size < ends.length;
      if (isMixed && ends.length > 1) throw new Error('to be tried alone');
      if (isBefore !== undefined) return [await finishedBefore(query, isBefore.grade_id ?? '')];
      const made = ends.map(({ askId, made }): NewGrade => {
        const ask = asks.find(({ id }) => id === askId);
        if (ask === undefined) throw new Error(`no ask ${askId}`);
        return { ...made, imageId: ask.image_id, askId };
      });
      const at = now();
      const dates = [new Date(at), new Date(at + gradeSeconds * 1000)];
      const all = await addGrades(query, made, dates);
      for (const [i, finished] of all.entries()) await ends[i]?.within?.(finished, query);
      return all;
    }),
  );
  return {
    /**
     * Grade, image and ask in one transaction, exactly once: a second call changes nothing.
     * `within` runs in it where the grade is new, to send jobs.
     */
    finish: (askId: string, made: MadeGrade, within?: End['within']): Promise<Finished> =>
      finish({ askId, made, within }),
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
        const { id: imageId = 0, grade_id: same = null } = row ?? {};
        if (same !== null) return finishedBefore(query, same);
        const [added] = await addGrades(query, [{ ...verdict, imageId }], [null, null]);
        return added as Finished;
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

interface NewGrade extends MadeGrade {
  readonly imageId: number;
  readonly askId?: string;
  readonly signer?: string;
}

/** Writes grades of images that are locked; each becomes its image's newest, where it is. */
async function addGrades(
  query: Query,
  made: readonly NewGrade[],
  dates: readonly (Date | null)[],
): Promise<readonly Finished[]> {
  const documents = await keepDocuments(query, made);
  const rows = made.map(({ scorecard, counts, ...one }, i) => {
    const { level, overall, vectors, criteria, tool, digest, gradedAt } = scorecard;
    return {
      ...{ id: randomUUID(), ask_id: one.askId, image_id: one.imageId, signer: one.signer, level },
      ...{ document_id: documents[i], digest: `\\x${digestHex(digest)}`, ...overall },
      ...{ graded_at: gradedAt, built_at: one.builtAt, advisories_at: one.advisoriesAt },
      vectors: VECTORS.map((vector) => vectors[vector].grade).join(' '),
      counts: counts && SEVERITIES.map((severity) => counts[severity]),
      failing: criteria.flatMap(({ id, outcome }) => (outcome === 'fail' ? [id] : [])),
      scoville: tool.version,
    };
  });
  const values = [JSON.stringify(rows), BEST_FIRST, ...dates];
  const written = await read<Omit<Finished, 'isNew'>>(query, ADD, values);
  return rows.map(({ id }) => {
    const finished = written.find(({ grade }) => grade.id === id);
    if (finished === undefined) throw new Error('no grade was written');
    return { ...finished, isNew: true };
  });
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

type Kept = Pick<MadeGrade, 'scorecard' | 'report'>;

/**
 * Scorecards and reports without times, so that the same findings are kept once. Gives their ids,
 * as PostgreSQL reads them.
 */
async function keepDocuments(query: Query, made: readonly NewGrade[]): Promise<readonly string[]> {
  const all = made.map(({ scorecard, report, ...times }) => {
    const kept: Kept = { scorecard: { ...scorecard, gradedAt: '' }, report };
    const gradedAt = new Date(scorecard.gradedAt);
    const json = undatedText(JSON.stringify(kept), { ...times, gradedAt });
    return { json, id: `\\x${createHash('sha256').update(json).digest('hex')}` };
  });
  const left = new Map(all.map(({ id, json }) => [id, json]));
  const known = await query<{ id: string }>(
    `SELECT id::text FROM document WHERE id = ANY ($1::text[]::bytea[]) FOR KEY SHARE`,
    [[...left.keys()]],
  );
  for (const { id } of known) left.delete(id);
  for (const [id, json] of [...left].sort())
    await query('INSERT INTO document VALUES ($1::text::bytea, $2) ON CONFLICT DO NOTHING', [
      ...[id, await promisify(gzip)(json)],
    ]);
  return all.map(({ id }) => id);
}

/** What PostgreSQL would refuse as an id is nobody's. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}
