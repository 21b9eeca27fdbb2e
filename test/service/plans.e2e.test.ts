import { gzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { type Database, openDatabase, type Query } from '../../src/service/database.ts';
import { openQueue } from '../../src/service/queue.ts';
import { makeRecords } from '../../src/service/records.ts';
import { emptyPlace, removeDatabases } from './databases.ts';
import { madeGrade, SETTINGS, tagged } from './made.ts';

afterAll(removeDatabases);

const IMAGES = 200_000;
const NOW = Date.parse('2026-03-01T12:00:00Z');

/** Repositories of a hundred tags in three registries; each tag has two grades. */
const FILL = `
SET session_replication_role = replica;
INSERT INTO document SELECT sha256(n::text::bytea), '\\x00' FROM generate_series(0, 999) n;
INSERT INTO image (name, is_tag, is_followed, digest, checked_at, graded_at, grade_id, before_id, level, built_at,
  failing, worse_at)
SELECT (ARRAY['docker.io', 'registry.example.com', 'registry.example.org:5000'])[1 + n / 100 % 3]
    || '/team' || n / 10000 || '/app' || n / 100 || ':1.' || n % 100,
  true, n % 7 = 0, sha256((n % 50000)::text::bytea), at, at, gen_random_uuid(), gen_random_uuid(), n % 400 / 80,
  at - make_interval(days => n % 90),
  CASE WHEN n % 2 = 0 THEN ARRAY['no-shell', 'signed'] ELSE ARRAY['reproducible'] END
    || CASE WHEN n % 1000 = 0 THEN ARRAY['no-secrets'] ELSE '{}' END,
  CASE WHEN n % 500 = 0 THEN at - make_interval(hours => n % 900) END
FROM generate_series(0, ${IMAGES - 1}) n, (SELECT timestamptz '2026-03-01T12:00:00Z' AS at) now;
INSERT INTO tally SELECT level, (built_at AT TIME ZONE 'UTC')::date, count(*) FROM image GROUP BY 1, 2;
INSERT INTO grade (id, image_id, document_id, digest, graded_at, level, points, total, grade, vectors, failing, scoville)
SELECT CASE WHEN day = 0 THEN grade_id ELSE before_id END, i.id, sha256((i.id % 1000)::text::bytea), i.digest,
  graded_at - make_interval(days => day), level, 10, 23, 'B', 'A B C D', failing, '1.0.0'
FROM image i, generate_series(0, 1) day;
INSERT INTO due SELECT id, graded_at + make_interval(secs => id % 86400) FROM image;
INSERT INTO ask (id, image_id, reason, is_open, has_job, state, asked_at)
SELECT gen_random_uuid(), id, 'daily', id % 200 = 0, true, CASE WHEN id % 200 = 0 THEN 'queued' ELSE 'done' END,
  graded_at - make_interval(secs => id) FROM image;
INSERT INTO layer_facts SELECT n::text, '\\x${gzipSync('{}').toString('hex')}', 1, timestamptz '2026-03-01T12:00:00Z' FROM generate_series(1, 20000) n;
ANALYZE;`;

/** A database that explains what it is asked; `scans` has the statements that read a whole table. */
function explaining(database: Database): Database & { readonly scans: string[] } {
  const scans: string[] = [];
  const explain =
    (query: Query): Query =>
    async (sql, values) => {
      if (/^\s*(?:SELECT|UPDATE|DELETE|WITH|INSERT)/.test(sql)) {
        const plan = await query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sql}`, values);
        const lines = plan.map((row) => row['QUERY PLAN']);
        const isScan = (line: string): boolean =>
          /Seq Scan on (?!tally|version)/.test(line) && Number(/rows=(\d+)/.exec(line)?.[1]) > 1000;
        if (lines.some(isScan)) scans.push([sql, ...lines].join('\n'));
      }
      return query(sql, values);
    };
  return {
    ...database,
    query: explain(database.query),
    transaction: (run) => database.transaction((query) => run(explain(query))),
    scans,
  };
}

test('no list reads a whole table', async () => {
  const place = await emptyPlace('postgres');
  const plain = await openDatabase(place);
  onTestFinished(() => plain.close());
  // Without the bounds on time of the service's own connections.
  const client = new pg.Client(place);
  await client.connect();
  await client.query(FILL).finally(() => client.end());
  const database = explaining(plain);
  const records = makeRecords(database, { now: () => NOW, settings: SETTINGS });
  const image = { registry: 'docker.io', repository: 'team3/app300', tag: '1.7' };
  const first = { limit: 50 };
  const times: string[] = [];
  const seen = async (name: string, run: () => Promise<unknown>, least = 0): Promise<void> => {
    const begin = performance.now();
    const found = await run();
    times.push(`${name}: ${Math.round(performance.now() - begin)} ms`);
    const rows = Array.isArray(found) ? found : ((found as { rows?: unknown[] }).rows ?? []);
    expect([name, rows.length >= least]).toEqual([name, true]);
  };
  for (const filter of [
    ...[
      {},
      { level: 3 },
      { level: 0, registry: 'registry.example.com' },
      { registry: 'docker.io' },
    ],
    ...[{ olderThanDays: 30 }, { olderThanDays: 80, level: 2 }, { fails: 'no-secrets' }],
    ...[{ fails: 'no-shell' }, { fails: 'no-secrets', level: 0 }, { q: 'app1234' }, { q: 'app' }],
    ...[{ q: 'te' }, { q: '1.99', level: 4 }, { q: 'team7', olderThanDays: 60 }],
  ]) {
    const page = await records.search(filter, first);
    await seen(JSON.stringify(filter), () => records.search(filter, first), 1);
    if (page.next !== undefined)
      await seen(
        'its next',
        () => records.search(filter, { ...first, cursor: page.next ?? '' }),
        1,
      );
  }
  await seen('image', async () => [await records.image(image)], 1);
  await seen('tags', () => records.tags('docker.io', 'team3/app300', first), 50);
  await seen('images of a digest', () => records.imagesOf(digestOf('77'), 50));
  await seen('history', () => records.history(image, first), 2);
  await seen('grades of a digest', () => records.gradesOf(digestOf('77'), 50), 0);
  await seen('summary', async () => (await records.summary()).worse, 20);
  await seen('counts', () => records.counts());
  const due = await records.takeDue(100);
  await seen('due', () => records.takeDue(100));
  await seen('due and graded', () => records.finishDue(due, new Map()));
  await seen('last ask', async () => [await records.lastAsk(image)], 1);
  await seen('follow', () => records.followTags('docker.io', 'team3/app300', ['1.1', 'new']), 1);
  await seen('checked', () => records.checked(image, digestOf('new')));
  await seen('facts', () => records.layerFacts('1'));
  for await (const row of records.export()) {
    expect(row.latest?.level).toBe(row.latest?.level);
    if (row.image.tag === '1.50') break;
  }
  const made = madeGrade({ at: NOW });
  const verdict = { ...made, image: tagged('1'), signer: 'a key' };
  await seen('verdict', () => records.addVerdict(verdict));
  const asked = await plain.query<{ id: string }>(
    `SELECT id FROM ask WHERE state = 'queued' LIMIT 1`,
  );
  const id = asked[0]?.id ?? '';
  await seen('start', () => records.start(id));
  await seen('finish', () => records.finish(id, made));
  expect(database.scans).toEqual([]);
});

test('the next job is found without sorting all that wait', async () => {
  const plain = await openDatabase(await emptyPlace('postgres'));
  onTestFinished(() => plain.close());
  const options = { now: Date.now, settings: SETTINGS };
  const filling = await openQueue(plain, options);
  await filling.stop({ seconds: 0 });
  await plain.query(
    `INSERT INTO pgboss.job (name, data) SELECT 'grade', '{"askId":""}' FROM generate_series(1, 50000)`,
  );
  await plain.query('ANALYZE pgboss.job');
  const database = explaining(plain);
  const queue = await openQueue(database, options);
  onTestFinished(() => queue.stop({ seconds: 0 }));
  let done = 0;
  queue.work('grade', () => {
    done += 1;
    return Promise.resolve();
  });
  await expect.poll(() => done, { timeout: 60_000 }).toBeGreaterThan(2);
  expect(database.scans).toEqual([]);
});
