import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { given } from '../lib/json.ts';
import { VECTORS } from '../model/criterion.ts';
import { digestHex, type Digest } from '../model/reference.ts';
import { GRADES as BEST_FIRST, type Scorecard } from '../model/scorecard.ts';
import type { Database, Query } from './database.ts';
import { datedText, undatedText } from './dated-text.ts';
import { ASK, GRADE, GRADES, IMAGES, imageOf, nameOf, read } from './record-rows.ts';
import { followRecords, GONE, imageRecords } from './records-images.ts';
import { upkeepRecords } from './records-upkeep.ts';
import type { ServiceSettings } from './settings.ts';
import type {
  Ask,
  AskError,
  Counts,
  GradeDetail,
  GradeRow,
  ImageName,
  ImageRow,
  Reason,
} from './shapes.ts';
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

/** A grade as it was made, to be kept. */
export interface MadeGrade {
  readonly digest: Digest;
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
  readonly gradedAt: Date;
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
    ...askRecords(database, now, settings.every.gradeSeconds),
    ...gradeRecords(database),
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
  const all = asks.map(({ image, reason, askedBy, fresh = false, here = false }) => {
    const [id, name] = [randomUUID(), nameOf(image)];
    const row = { id, name, reason, asked_by: askedBy, is_open: !fresh && !here, has_job: !here };
    const state = { state: 'queued' as const, attempts: 0, askedAt: new Date(now) };
    return { row, ask: { id, image: imageOf(name), reason, ...given({ askedBy }), ...state } };
  });
  await makeImages(
    query,
    all.map(({ row }) => row.name),
  );
  const asked = new Map<string, Asked>();
  for (;;) {
    const left = all.filter(({ row }) => !asked.has(row.id));
    if (left.length === 0) return all.flatMap(({ row }) => asked.get(row.id) ?? []);
    const made = await query<{ id: string }>(
      `INSERT INTO ask (id, image_id, reason, asked_by, is_open, has_job, asked_at)
       SELECT m.id, i.id, reason, asked_by, is_open, has_job, $2
       FROM json_to_recordset($1) AS m (id uuid, name text, reason text, asked_by text, is_open bool, has_job bool)
       JOIN image i USING (name) ORDER BY i.id
       ON CONFLICT (image_id) WHERE is_open DO NOTHING RETURNING id`,
      [JSON.stringify(left.map(({ row }) => row)), new Date(now)],
    );
    const isMade = new Set(made.map(({ id }) => id));
    const others = left.flatMap(({ row }) => (isMade.has(row.id) ? [] : [row.name]));
    // FOR SHARE: a worker that starts it meanwhile makes the next round.
    const share = `${ASKS} WHERE i.name = ANY ($1::text[]) AND a.is_open FOR SHARE OF a`;
    const open = others.length === 0 ? [] : await read<Ask>(query, share, [others]);
    for (const { row, ask } of left) {
      const other = open.find(({ image }) => nameOf(image) === row.name);
      if (isMade.has(row.id)) asked.set(row.id, { ask, isNew: true });
      else if (other !== undefined) asked.set(row.id, { ask: other, isNew: false });
    }
  }
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

/** A grade that ends an ask. `within` runs in the transaction of a new one. */
interface End extends MadeGrade {
  readonly askId: string;
  readonly document: Document;
  readonly within: ((finished: Finished, query: Query) => Promise<void>) | undefined;
}

function askRecords({ query, transaction }: Database, now: () => number, gradeSeconds: number) {
  const one = async (where: string, value: unknown): Promise<Ask | undefined> =>
    (await read<Ask>(query, `${ASKS} WHERE ${where}`, [value]))[0];
  /**
   * With `mayRetry`, up to five times, the ask is queued again with its error: then throw TryAgain.
   * `gone`: its registry does not have the image any more.
   */
  const fail = async (
    id: string,
    error: AskError,
    options: { readonly mayRetry?: boolean; readonly gone?: boolean } = {},
  ): Promise<'queued' | 'failed'> => {
    const [row] = await query<{ state: 'queued' | 'failed'; name: string }>(
      `UPDATE ask a SET faults = faults + 1, is_open = false, error = $2::jsonb, progress = NULL,
         state = CASE WHEN $3 AND has_job AND faults < $4 THEN 'queued' ELSE 'failed' END,
         finished_at = CASE WHEN $3 AND has_job AND faults < $4 THEN NULL ELSE $5::timestamptz END
       FROM image i WHERE a.id = $1 AND i.id = a.image_id AND a.state IN ('queued', 'running')
       RETURNING a.state, i.name`,
      [id, JSON.stringify(error), options.mayRetry === true, MOST_FAULTS, new Date(now())],
    );
    if (options.gone === true && row !== undefined) await query(GONE, [row.name, new Date(now())]);
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
  const finish = together((ends: readonly End[]) =>
    transaction(async (query) => {
      const done = new Map<End, Finished>();
      for (let left = ends; left.length > 0; left = left.filter((one) => !done.has(one))) {
        const asks = await query<{ id: string; image_id: number; grade_id: string | null }>(
          `SELECT a.id, a.image_id, a.grade_id FROM ask a JOIN image i ON i.id = a.image_id
           WHERE a.id = ANY ($1::uuid[]) ORDER BY i.id FOR UPDATE`,
          [left.map(({ askId }) => askId)],
        );
        // One of an image at a time: the next is compared with it.
        const news = new Map<number, { end: End; grade: NewGrade }>();
        for (const end of left) {
          const ask = asks.find(({ id }) => id === end.askId);
          if (ask === undefined) throw new Error(`no ask ${end.askId}`);
          if (ask.grade_id !== null) done.set(end, await finishedBefore(query, ask.grade_id));
          else if (!news.has(ask.image_id)) {
            const gradedAt = new Date(end.scorecard.gradedAt);
            news.set(ask.image_id, { end, grade: { ...end, imageId: ask.image_id, gradedAt } });
          }
        }
        const [all, at] = [[...news.values()], now()];
        const dates = { finishedAt: new Date(at), dueAt: new Date(at + gradeSeconds * 1000) };
        const results = await addGrades(
          query,
          all.map(({ grade }) => grade),
          dates,
        );
        for (const [i, finished] of results.entries()) {
          const end = all[i]?.end;
          if (end === undefined) continue;
          await end.within?.(finished, query);
          done.set(end, finished);
        }
      }
      return ends.map((one) => done.get(one) as Finished);
    }),
  );
  return {
    ask: (id: string): Promise<Ask | undefined> =>
      isUuid(id) ? one('a.id = $1', id) : Promise.resolve(undefined),
    /** Those of them that there are. */
    asks: (ids: readonly string[]): Promise<readonly Ask[]> =>
      read<Ask>(query, `${ASKS} WHERE a.id = ANY($1::uuid[])`, [ids]),
    /** The newest of an image, of any state. */
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
    /**
     * Grade, image and ask in one transaction, exactly once: a second call changes nothing.
     * `within` runs in it where the grade is new, to send jobs.
     */
    finish: (askId: string, made: MadeGrade, within?: End['within']): Promise<Finished> => {
      const document = documentOf(made, new Date(made.scorecard.gradedAt));
      return finish({ ...made, askId, document, within });
    },
    /** The same verdict again gives the grade of the first time. */
    addVerdict: (verdict: MadeVerdict): Promise<Finished> => {
      const { image, signer, gradedAt } = verdict;
      const document = documentOf(verdict, gradedAt);
      return transaction(async (query) => {
        await makeImages(query, [nameOf(image)]);
        const [row] = await query<{ id: number }>(
          'SELECT id FROM image WHERE name = $1 FOR UPDATE',
          [nameOf(image)],
        );
        const imageId = row?.id ?? 0;
        const [same] = await query<{ id: string }>(
          'SELECT id FROM grade WHERE image_id = $1 AND graded_at = $2 AND signer = $3',
          [imageId, gradedAt, signer],
        );
        if (same !== undefined) return finishedBefore(query, same.id);
        const [added] = await addGrades(query, [{ ...verdict, imageId, document }]);
        if (added === undefined) throw new Error('no grade was written');
        return added;
      });
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
  readonly gradedAt: Date;
  readonly document: Document;
}

/** Writes grades of images that are locked; each becomes its image's newest, where it is. */
async function addGrades(
  query: Query,
  made: readonly NewGrade[],
  dates?: { readonly finishedAt: Date; readonly dueAt: Date },
): Promise<readonly Finished[]> {
  if (made.length === 0) return [];
  await keepDocuments(
    query,
    made.map(({ document }) => document),
  );
  const images = await read<ImageRow>(
    query,
    `${IMAGES} WHERE i.id = ANY ($1::bigint[]) ORDER BY array_position($1::bigint[], i.id)`,
    [made.map(({ imageId }) => imageId)],
  );
  const rows = made.map((one, i) => {
    const { digest, latest } = images[i] ?? {};
    const { scorecard, gradedAt, signer, counts } = one;
    const { level, overall, vectors, criteria, tool } = scorecard;
    const isOfTag = digest === undefined || digest === one.digest;
    const isLater = latest === undefined || gradedAt >= latest.gradedAt;
    return {
      ...{ id: randomUUID(), ask_id: one.askId, image_id: one.imageId, signer, level },
      ...{ document_id: `\\x${one.document.id}`, digest: `\\x${digestHex(one.digest)}` },
      ...{
        graded_at: gradedAt,
        built_at: one.builtAt,
        advisories_at: one.advisoriesAt,
        ...overall,
      },
      vectors: VECTORS.map((vector) => vectors[vector].grade).join(' '),
      counts: counts && [counts.critical, counts.high, counts.medium, counts.low, counts.unknown],
      failing: criteria.flatMap(({ id, outcome }) => (outcome === 'fail' ? [id] : [])),
      scoville: tool.version,
      change: changeOf(latest, { level, overall }),
      // A build's verdict speaks for the tag while the tag has that build.
      is_newest: isLater && (signer === undefined || isOfTag),
    };
  });
  const written = await read<GradeRow>(query, ADD, [
    ...[JSON.stringify(rows), dates?.finishedAt ?? null, dates?.dueAt ?? null],
  ]);
  return rows.flatMap(({ id, change }, i) => {
    const grade = written.find((one) => one.id === id);
    const before = images[i]?.latest;
    return grade === undefined ? [] : [{ grade, change, ...given({ before }), isNew: true }];
  });
}

const ADD = `
WITH g AS (INSERT INTO grade SELECT * FROM json_populate_recordset(NULL::grade, $1) RETURNING *),
newest AS (
  UPDATE image i SET digest = g.digest, grade_id = g.id, graded_at = g.graded_at, level = g.level,
    built_at = g.built_at, failing = g.failing,
    checked_at = CASE WHEN g.signer IS NULL THEN g.graded_at ELSE i.checked_at END,
    gone_at = CASE WHEN g.signer IS NULL THEN NULL ELSE i.gone_at END,
    before_id = CASE change WHEN 'same' THEN i.before_id ELSE i.grade_id END,
    worse_at = CASE change WHEN 'same' THEN i.worse_at WHEN 'worse' THEN g.graded_at END
  FROM g JOIN json_to_recordset($1) AS m (id uuid, change text, is_newest bool) USING (id)
  WHERE i.id = g.image_id AND is_newest
), done AS (
  UPDATE ask a SET state = 'done', is_open = false, finished_at = $2, grade_id = g.id, error = NULL, progress = NULL
  FROM g WHERE a.id = g.ask_id
), again AS (
  INSERT INTO due SELECT i.id, $3::timestamptz FROM g JOIN image i ON i.id = g.image_id WHERE g.ask_id IS NOT NULL AND i.is_tag
  ON CONFLICT (image_id) DO UPDATE SET due_at = excluded.due_at
)
SELECT ${GRADE} AS row FROM g JOIN image i ON i.id = g.image_id`;

type Judged = Pick<Scorecard, 'level' | 'overall'>;

/** By level, then by grade. */
function changeOf(before: Judged | undefined, now: Judged): Finished['change'] {
  if (before === undefined) return 'first';
  const worth = ({ overall }: Judged): number => BEST_FIRST.indexOf(overall.grade);
  const by = now.level - before.level || worth(before) - worth(now);
  return by === 0 ? 'same' : by > 0 ? 'better' : 'worse';
}

interface Document {
  /** Its SHA-256 in hexadecimal. */
  readonly id: string;
  readonly json: string;
}

type Kept = Pick<MadeGrade, 'scorecard' | 'report'>;

/** Scorecard and report without times, so that the same findings are the same document. */
function documentOf(
  { scorecard, report, advisoriesAt, builtAt }: MadeGrade,
  gradedAt: Date,
): Document {
  const kept: Kept = { scorecard: { ...scorecard, gradedAt: '' }, report };
  const json = undatedText(JSON.stringify(kept), { gradedAt, advisoriesAt, builtAt });
  return { id: createHash('sha256').update(json).digest('hex'), json };
}

async function keepDocuments(query: Query, documents: readonly Document[]): Promise<void> {
  const left = new Map(documents.map(({ id, json }) => [id, json]));
  const kept = await query<{ id: string }>(
    `SELECT encode(id, 'hex') AS id FROM document WHERE id = ANY ($1::bytea[]) FOR KEY SHARE`,
    [[...left.keys()].map((id) => Buffer.from(id, 'hex'))],
  );
  for (const { id } of kept) left.delete(id);
  for (const id of [...left.keys()].sort())
    await query('INSERT INTO document VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      ...[Buffer.from(id, 'hex'), await promisify(gzip)(left.get(id) ?? '')],
    ]);
}

function gradeRecords({ query }: Database) {
  const grade = async (id: string): Promise<GradeRow | undefined> =>
    isUuid(id) ? (await read<GradeRow>(query, `${GRADES} WHERE g.id = $1`, [id]))[0] : undefined;
  return {
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

/** What PostgreSQL would refuse as an id is nobody's. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}
