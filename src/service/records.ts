import { createHash, randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { VECTORS } from '../model/criterion.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { datedText, undatedText } from './dated-text.ts';
import type {
  Database,
  Finished,
  MadeGrade,
  NewAsk,
  Query,
  Records,
  ServiceSettings,
} from './deps.ts';
import {
  ASK_COLUMNS,
  askOf,
  changeOf,
  digestBytes,
  gradeOf,
  nameOf,
  type StoredAsk,
  type StoredGrade,
} from './record-rows.ts';
import { followRecords, GONE, imageRecords } from './records-images.ts';
import { upkeepRecords } from './records-upkeep.ts';
import type { Ask, ImageName } from './shapes.ts';

export interface RecordsOptions {
  readonly now: () => number;
  readonly settings: Pick<ServiceSettings, 'every' | 'keepSeconds' | 'bounds'>;
}

/** Registry faults that an ask may have before it fails. */
const MOST_FAULTS = 5;
/** A worker that ends each time it grades an image does not get it for ever. */
const MOST_ATTEMPTS = 30;

/** All that the database has of asks, grades and images. */
export function makeRecords(database: Database, { now, settings }: RecordsOptions): Records {
  return {
    ...askRecords(database, now, settings.every.gradeSeconds),
    ...gradeRecords(database),
    ...imageRecords(database, now),
    ...followRecords(database, now, settings.every.gradeSeconds),
    ...upkeepRecords(database, now, settings),
  };
}

/** Row and number of an image; made where it is new. */
async function imageId(query: Query, image: ImageName): Promise<number> {
  const name = nameOf(image);
  const find = 'SELECT id FROM image WHERE name = $1';
  for (;;) {
    const [found] = await query<{ id: number }>(find, [name]);
    if (found !== undefined) return found.id;
    // Where another is making it, this waits, and the next look finds it.
    await query('INSERT INTO image (name, is_tag) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
      ...[name, image.digest === undefined],
    ]);
  }
}

const ASK = `SELECT ${ASK_COLUMNS} FROM ask a JOIN image i ON i.id = a.image_id`;

/** A new ask, or the one that is queued for the image. Part of a transaction. */
export async function createAsk(
  query: Query,
  { image, reason, askedBy, fresh = false, here = false }: NewAsk,
  now: number,
): Promise<{ readonly ask: Ask; readonly isNew: boolean }> {
  const image_id = await imageId(query, image);
  const isOpen = !fresh && !here;
  for (;;) {
    const id = randomUUID();
    const made = await query(
      `INSERT INTO ask (id, image_id, reason, asked_by, is_open, has_job, asked_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (image_id) WHERE is_open DO NOTHING RETURNING id`,
      [id, image_id, reason, askedBy ?? null, isOpen, !here, new Date(now)],
    );
    const isNew = made.length > 0;
    // FOR SHARE: a worker that starts it meanwhile makes the next round.
    const [row] = await query<StoredAsk>(
      isNew
        ? `${ASK} WHERE a.id = $1`
        : `${ASK} WHERE a.image_id = $1 AND a.is_open FOR SHARE OF a`,
      [isNew ? id : image_id],
    );
    if (row !== undefined) return { ask: askOf(row), isNew };
  }
}

type AskRecords = Pick<
  Records,
  'ask' | 'asks' | 'lastAsk' | 'start' | 'progress' | 'finish' | 'fail' | 'addVerdict'
>;

function askRecords(
  { query, transaction }: Database,
  now: () => number,
  gradeSeconds: number,
): AskRecords {
  const one = async (where: string, value: unknown): Promise<Ask | undefined> => {
    const [row] = await query<StoredAsk>(`${ASK} WHERE ${where}`, [value]);
    return row === undefined ? undefined : askOf(row);
  };
  const fail: Records['fail'] = async (id, error, { mayRetry = false, gone = false } = {}) => {
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
    ask: (id) => (isUuid(id) ? one('a.id = $1', id) : Promise.resolve(undefined)),
    asks: async (ids) => {
      const rows = await query<StoredAsk>(`${ASK} WHERE a.id = ANY($1::uuid[])`, [ids]);
      return rows.map(askOf);
    },
    lastAsk: (image) => one('i.name = $1 ORDER BY a.asked_at DESC LIMIT 1', nameOf(image)),
    start: async (id) => {
      const [row] = await query<StoredAsk>(
        `UPDATE ask a SET state = 'running', is_open = false, attempts = attempts + 1, started_at = $2
         FROM image i WHERE a.id = $1 AND i.id = a.image_id AND a.state IN ('queued', 'running')
         RETURNING ${ASK_COLUMNS}`,
        [id, new Date(now())],
      );
      if (row === undefined || row.attempts <= MOST_ATTEMPTS)
        return row === undefined ? undefined : askOf(row);
      await fail(id, { message: `the worker ended ${MOST_ATTEMPTS} times while grading it` });
      return undefined;
    },
    progress: async (id, line) => {
      await query(`UPDATE ask SET progress = $2 WHERE id = $1 AND state = 'running'`, [
        ...[id, line.slice(0, 500)],
      ]);
    },
    fail,
    finish: async (id, made, within) => {
      const gradedAt = new Date(made.scorecard.gradedAt);
      const document = documentOf(made, gradedAt);
      return transaction(async (query) => {
        const [ask] = await query<{ image_id: number; grade_id: string | null }>(
          'SELECT image_id, grade_id FROM ask WHERE id = $1 FOR UPDATE',
          [id],
        );
        if (ask === undefined) throw new Error(`no ask ${id}`);
        const grade = { ...made, document, imageId: ask.image_id };
        if (ask.grade_id !== null) return finished(query, ask.grade_id);
        const result = await addGrade(query, { ...grade, askId: id, gradedAt });
        const at = new Date(now());
        await query(
          `UPDATE ask SET state = 'done', is_open = false, finished_at = $2, grade_id = $3, error = NULL,
             progress = NULL WHERE id = $1`,
          [id, at, result.grade.id],
        );
        await query(
          `INSERT INTO due SELECT id, $2 FROM image WHERE id = $1 AND is_tag
           ON CONFLICT (image_id) DO UPDATE SET due_at = excluded.due_at`,
          [ask.image_id, new Date(at.getTime() + gradeSeconds * 1000)],
        );
        await within?.(result, query);
        return result;
      });
    },
    addVerdict: async (verdict) => {
      const document = documentOf(verdict, verdict.gradedAt);
      return transaction(async (query) =>
        addGrade(query, { ...verdict, document, imageId: await imageId(query, verdict.image) }),
      );
    },
  };
}

interface NewGrade extends MadeGrade {
  readonly imageId: number;
  readonly askId?: string;
  readonly signer?: string;
  readonly gradedAt: Date;
  readonly document: Document;
}

const GRADE = 'SELECT to_jsonb(g) AS g, i.name FROM grade g JOIN image i ON i.id = g.image_id';

async function finished(query: Query, gradeId: string): Promise<Finished> {
  const [row] = await query<{ g: StoredGrade; name: string }>(`${GRADE} WHERE g.id = $1`, [
    gradeId,
  ]);
  if (row === undefined) throw new Error(`no grade ${gradeId}`);
  return { grade: gradeOf(row.g, row.name), change: 'same', isNew: false };
}

/** Writes a grade; it becomes its image's newest, where it is. */
async function addGrade(query: Query, made: NewGrade): Promise<Finished> {
  const { scorecard, imageId, signer, gradedAt, document } = made;
  const { level, overall } = scorecard;
  const [image] = await query<{
    digest: Uint8Array | null;
    name: string;
    latest: StoredGrade | null;
  }>(
    `SELECT i.digest, i.name, to_jsonb(g) AS latest
     FROM image i LEFT JOIN grade g ON g.id = i.grade_id WHERE i.id = $1 FOR UPDATE OF i`,
    [imageId],
  );
  if (image === undefined) throw new Error(`no image ${imageId}`);
  if (signer !== undefined) {
    const [same] = await query<{ id: string }>(
      'SELECT id FROM grade WHERE image_id = $1 AND graded_at = $2 AND signer = $3',
      [imageId, gradedAt, signer],
    );
    if (same !== undefined) return finished(query, same.id);
  }
  await keepDocument(query, document);
  const digest = digestBytes(made.digest);
  const failing = scorecard.criteria.flatMap((one) => (one.outcome === 'fail' ? [one.id] : []));
  const { counts, builtAt = null } = made;
  const id = randomUUID();
  const [row] = await query<{ g: StoredGrade }>(
    `INSERT INTO grade AS g (id, ask_id, image_id, document_id, digest, graded_at, signer, level, points, total,
       grade, vectors, counts, failing, advisories_at, built_at, scoville)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::int[], $14::text[], $15, $16, $17)
     RETURNING to_jsonb(g) AS g`,
    [
      ...[id, made.askId ?? null, imageId, document.id, digest, gradedAt, signer ?? null, level],
      ...[overall.points, overall.total, overall.grade],
      VECTORS.map((vector) => scorecard.vectors[vector].grade).join(' '),
      counts === undefined
        ? null
        : [counts.critical, counts.high, counts.medium, counts.low, counts.unknown],
      ...[failing, made.advisoriesAt ?? null, builtAt, scorecard.tool.version],
    ],
  );
  if (row === undefined) throw new Error('no grade was written');
  const { latest, name } = image;
  const change = changeOf(latest ?? undefined, { level, grade: overall.grade });
  const before = latest === null ? {} : { before: gradeOf(latest, name) };
  const result = { grade: gradeOf(row.g, name), change, ...before, isNew: true };
  const isOfTag = image.digest === null || digest.equals(image.digest);
  const isLater = latest === null || gradedAt.getTime() >= Date.parse(latest.graded_at);
  // A build's verdict speaks for the tag while the tag has that build.
  if (!isLater || (signer !== undefined && !isOfTag)) return result;
  await query(
    `UPDATE image SET digest = $2, grade_id = $3, graded_at = $4, level = $5, built_at = $6, failing = $7::text[],
       checked_at = CASE WHEN $8 THEN $4 ELSE checked_at END, gone_at = CASE WHEN $8 THEN NULL ELSE gone_at END,
       before_id = CASE WHEN $9 = 'same' THEN before_id ELSE grade_id END,
       worse_at = CASE $9 WHEN 'same' THEN worse_at WHEN 'worse' THEN $4 END
     WHERE id = $1`,
    [imageId, digest, id, gradedAt, level, builtAt, failing, signer === undefined, change],
  );
  return result;
}

interface Document {
  readonly id: Buffer;
  readonly json: string;
}

interface Kept {
  readonly scorecard: Scorecard;
  readonly report?: unknown;
}

/** Scorecard and report without times, so that the same findings are the same document. */
function documentOf(
  { scorecard, report, advisoriesAt, builtAt }: MadeGrade,
  gradedAt: Date,
): Document {
  const kept: Kept = { scorecard: { ...scorecard, gradedAt: '' }, report };
  const json = undatedText(JSON.stringify(kept), { gradedAt, advisoriesAt, builtAt });
  return { id: createHash('sha256').update(json).digest(), json };
}

async function keepDocument(query: Query, { id, json }: Document): Promise<void> {
  const found = await query('SELECT FROM document WHERE id = $1 FOR KEY SHARE', [id]);
  if (found.length > 0) return;
  const body = await promisify(gzip)(json);
  await query('INSERT INTO document VALUES ($1, $2) ON CONFLICT DO NOTHING', [id, body]);
}

type GradeRecords = Pick<Records, 'grade' | 'detail'>;

function gradeRecords({ query }: Database): GradeRecords {
  return {
    grade: async (id) => {
      if (!isUuid(id)) return undefined;
      const [row] = await query<{ g: StoredGrade; name: string }>(`${GRADE} WHERE g.id = $1`, [id]);
      return row === undefined ? undefined : gradeOf(row.g, row.name);
    },
    detail: async (id) => {
      if (!isUuid(id)) return undefined;
      const [row] = await query<{ g: StoredGrade; name: string; body: Uint8Array }>(
        `SELECT to_jsonb(g) AS g, i.name, d.body FROM grade g JOIN image i ON i.id = g.image_id
         JOIN document d ON d.id = g.document_id WHERE g.id = $1`,
        [id],
      );
      if (row === undefined) return undefined;
      const grade = gradeOf(row.g, row.name);
      const json = datedText((await promisify(gunzip)(row.body)).toString(), grade);
      // eslint-disable-next-line no-restricted-syntax -- written above, and no engine reads it
      const { scorecard, report } = JSON.parse(json) as Kept;
      return {
        ...grade,
        scorecard: { ...scorecard, gradedAt: grade.gradedAt.toISOString() },
        ...(report === undefined ? {} : { report }),
      };
    },
  };
}

/** What PostgreSQL would refuse as an id is nobody's. */
function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}
