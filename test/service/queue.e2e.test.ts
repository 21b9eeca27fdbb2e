import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Database, DatabaseAway, openDatabase } from '../../src/service/database.ts';
import { gradeAgain } from '../../src/service/follow.ts';
import type { Logger } from '../../src/service/log.ts';
import { openQueue, type Queue, type QueueOptions, TryAgain } from '../../src/service/queue.ts';
import { makeRecords } from '../../src/service/records.ts';
import { cleanDatabase, emptyPlace, KINDS, removeDatabases } from './databases.ts';
import { madeGrade, SETTINGS, tagged } from './made.ts';

afterAll(removeDatabases);

const soon = (value: () => unknown) => expect.poll(value, { timeout: 40_000 });

const QUICK = { settings: SETTINGS, silentSeconds: 1, pollMs: 50, retrySeconds: 0.05 };

async function open(database: Database, more: Partial<QueueOptions> = {}): Promise<Queue> {
  const queue = await openQueue(database, { now: Date.now, ...QUICK, ...more });
  onTestFinished(() => queue.stop({ seconds: 0 }));
  return queue;
}

function logger(): { log: Logger; lines: unknown[] } {
  const lines: unknown[] = [];
  const note = (message: string, fields?: object): void => {
    lines.push({ message, ...fields });
  };
  const log: Logger = { debug: note, info: note, warn: note, error: note };
  return { log, lines };
}

describe.each(KINDS)('the queue in %s', (kind) => {
  test('a job is worked on once, and gone then', async () => {
    const queue = await open(await cleanDatabase(kind));
    const { ask } = await queue.ask({ image: tagged('1'), reason: 'api', fresh: true });
    expect((await queue.sizes()).grade).toEqual({ waiting: 1, running: 0 });
    const seen: unknown[] = [];
    queue.work('grade', async ({ id, data, attempt }) => {
      seen.push({ id, data, attempt, sizes: (await queue.sizes()).grade });
    });
    await soon(async () => (await queue.sizes()).grade).toEqual({ waiting: 0, running: 0 });
    expect(seen).toEqual([
      {
        ...{ id: ask.id, data: { askId: ask.id }, attempt: 1 },
        sizes: { waiting: 0, running: 1 },
      },
    ]);
  });

  test('an ask that is queued has one job; who waits goes first', async () => {
    const queue = await open(await cleanDatabase(kind));
    await queue.ask({ image: tagged('1'), reason: 'follow' });
    const { ask } = await queue.ask({ image: tagged('2'), reason: 'daily' });
    expect(await queue.ask({ image: tagged('2'), reason: 'page' })).toEqual({ ask, isNew: false });
    await queue.ask({ image: tagged('3'), reason: 'harbor', here: true });
    const seen: string[] = [];
    queue.work('grade', ({ data }) => {
      seen.push(data.askId);
      return Promise.resolve();
    });
    await soon(() => seen.length).toBe(2);
    await wait(200);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(ask.id);
  });

  test('a job that is to be tried again comes back, others fail at once', async () => {
    const { log, lines } = logger();
    const queue = await open(await cleanDatabase(kind), { log });
    const attempts: string[] = [];
    await queue.send('attach', { gradeId: 'again' });
    await queue.send('attach', { gradeId: 'away' });
    await queue.send('attach', { gradeId: 'bug' });
    queue.work('attach', ({ data, attempt }) => {
      attempts.push(`${data.gradeId} ${attempt}`);
      if (data.gradeId === 'bug') throw new Error('a bug');
      if (data.gradeId === 'away' && attempt < 3) throw new DatabaseAway('away');
      if (data.gradeId === 'again') throw new TryAgain('503');
      return Promise.resolve();
    });
    await soon(() => lines.length).toBe(2);
    await soon(async () => (await queue.sizes()).attach).toEqual({ waiting: 0, running: 0 });
    expect(attempts.toSorted()).toEqual([
      ...['again 1', 'again 2', 'again 3', 'again 4', 'again 5', 'again 6'],
      ...['away 1', 'away 2', 'away 3', 'bug 1'],
    ]);
    expect(lines).toMatchObject([
      { message: 'a job failed', job: 'attach', error: { message: 'a bug' } },
      { message: 'a job failed', job: 'attach', error: { message: '503' } },
    ]);
  });

  test('with a key, one waits', async () => {
    const queue = await open(await cleanDatabase(kind));
    const ids = [
      await queue.send('attach', { gradeId: 'a' }, { key: 'a' }),
      await queue.send('attach', { gradeId: 'a' }, { key: 'a' }),
      await queue.send('attach', { gradeId: 'b' }, { key: 'b' }),
      await queue.send('attach', { gradeId: 'c' }),
      await queue.send('attach', { gradeId: 'c' }),
    ];
    expect(ids.map((id) => id === undefined)).toEqual([false, true, false, false, false]);
  });

  test('a job of a transaction that fails is not sent', async () => {
    const database = await cleanDatabase(kind);
    const queue = await open(database);
    const failed = database.transaction(async (query) => {
      await queue.send('attach', { gradeId: 'a' }, { query });
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    expect((await queue.sizes()).attach.waiting).toBe(0);
  });

  test('an ask whose handler threw fails', async () => {
    const database = await cleanDatabase(kind);
    const clock = { at: Date.now() };
    const now = () => clock.at;
    const records = makeRecords(database, { now, settings: SETTINGS });
    const queue = await open(database, { now, log: logger().log });
    const { ask } = await queue.ask({ image: tagged('1'), reason: 'api' });
    const waiting = (await queue.ask({ image: tagged('2'), reason: 'api', fresh: true })).ask;
    queue.work('grade', async ({ data }) => {
      if (data.askId === waiting.id) await wait(60_000, undefined, { ref: false });
      await records.start(data.askId);
      throw new Error('a bug');
    });
    await soon(async () => (await records.ask(ask.id))?.state).toBe('running');
    clock.at += 61_000;
    await soon(async () => await records.ask(ask.id)).toMatchObject({
      state: 'failed',
      error: { message: 'the process that graded it ended' },
    });
    expect((await records.ask(waiting.id))?.state).toBe('queued');
  });

  test('a stop waits for what runs, then gives it back', async () => {
    const database = await cleanDatabase(kind);
    const first = await open(database);
    const { ask } = await first.ask({ image: tagged('1'), reason: 'api' });
    let reason: unknown;
    first.work('grade', async ({ signal }) => {
      await once(signal, 'abort');
      reason = signal.reason;
    });
    await soon(async () => (await first.sizes()).grade.running).toBe(1);
    await first.stop({ seconds: 0.1 });
    expect(reason).toEqual(new Error('the service stops'));
    const second = await open(database);
    const seen: string[] = [];
    second.work('grade', ({ id, attempt }) => {
      seen.push(`${id} ${attempt}`);
      return Promise.resolve();
    });
    await soon(() => seen).toEqual([`${ask.id} 2`]);
  });

  test('a job that is scheduled runs once in its time', async () => {
    const database = await cleanDatabase(kind);
    const seen: string[] = [];
    for (const name of ['one', 'two']) {
      const queue = await open(database);
      queue.schedule('follow', 3600);
      queue.work('follow', () => {
        seen.push(name);
        return Promise.resolve();
      });
      queue.schedule('follow', 3600);
    }
    await soon(() => seen.length).toBe(1);
    await wait(300);
    expect(seen).toHaveLength(1);
  });

  test('a process that says nothing loses its job, and hears of it', async () => {
    const database = await cleanDatabase(kind);
    const queue = await open(database);
    await queue.ask({ image: tagged('1'), reason: 'api' });
    const seen: string[] = [];
    queue.work(
      'grade',
      async ({ attempt, signal }) => {
        seen.push(`begins ${attempt}`);
        if (attempt > 1) return;
        // What another process does that heard nothing of this one.
        await database.query(
          `UPDATE pgboss.job SET state = 'retry', start_after = now() WHERE state = 'active'`,
        );
        await once(signal, 'abort');
        seen.push((signal.reason as Error).message);
      },
      { parallel: 2 },
    );
    await soon(() => seen.toSorted()).toEqual([
      'another process has the job now',
      'begins 1',
      'begins 2',
    ]);
  });
});

test('two processes share the work, and no job is done twice', async () => {
  const place = await emptyPlace('postgres');
  const done = new Map<string, string[]>();
  const queues: Queue[] = [];
  for (const name of ['one', 'two']) {
    const database = await openDatabase(place);
    onTestFinished(() => database.close());
    const queue = await open(database, { silentSeconds: 60 });
    queues.push(queue);
    queue.work(
      'grade',
      async ({ id }) => {
        done.set(id, [...(done.get(id) ?? []), name]);
        await wait(5);
      },
      { parallel: 4 },
    );
  }
  const asks = Array.from({ length: 200 }, async (_, i) =>
    queues[i % 2]?.ask({ image: tagged(`t${i}`), reason: 'api' }),
  );
  await Promise.all(asks);
  await soon(() => done.size).toBe(200);
  const names = [...done.values()];
  expect(names.filter((one) => one.length > 1)).toEqual([]);
  expect(new Set(names.flat())).toEqual(new Set(['one', 'two']));
});

/** Kills a worker in the middle twenty times; the next one goes on. */
async function killWorkers(place: string): Promise<void> {
  const program = await bundled('worker-child.ts');
  const begin = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [program, place], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  };
  for (let kills = 0; kills < 20; kills++) {
    const child = await begin();
    await wait(50 + Math.random() * 250);
    child.kill('SIGKILL');
  }
  await begin();
}

test('workers that are killed leave each grade exactly once', async () => {
  const place = await emptyPlace('postgres');
  const database = await openDatabase(place);
  onTestFinished(() => database.close());
  const queue = await open(database, { silentSeconds: 2 });
  const records = makeRecords(database, { now: Date.now, settings: SETTINGS });
  const ids = await Promise.all(
    Array.from({ length: 120 }, async (_, i) => {
      const { ask } = await queue.ask({ image: tagged(`t${i}`), reason: 'api' });
      return ask.id;
    }),
  );
  await killWorkers(place);
  await soon(async () => (await records.counts()).asks).toEqual({ queued: 0, running: 0 });
  const asks = await Promise.all(ids.map((id) => records.ask(id)));
  expect(asks.filter((ask) => ask?.state !== 'done')).toEqual([]);
  expect(
    await database.query(
      'SELECT count(*) AS grades, count(DISTINCT ask_id) AS asks, count(DISTINCT image_id) AS images FROM grade',
    ),
  ).toEqual([{ grades: 120, asks: 120, images: 120 }]);
  expect(asks.some((ask) => (ask?.attempts ?? 0) > 1)).toBe(true);
});

test('workers that are killed grade each tag that is due exactly once', async () => {
  const place = await emptyPlace('postgres');
  const database = await openDatabase(place);
  onTestFinished(() => database.close());
  const queue = await open(database, { silentSeconds: 2 });
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  const records = makeRecords(database, { now, settings: SETTINGS });
  for (let i = 0; i < 120; i++) {
    const { ask } = await queue.ask({ image: tagged(`t${i}`), reason: 'api' });
    await records.finish(ask.id, madeGrade({ at: now() - 86_400_000 }));
  }
  await database.query('TRUNCATE pgboss.job');
  ahead = 86_400_000;
  await gradeAgain({ records, queue }, 120);
  expect((await queue.sizes()).again).toEqual({ waiting: 3, running: 0 });
  await killWorkers(place);
  await soon(async () => (await queue.sizes()).again).toEqual({ waiting: 0, running: 0 });
  expect(
    await database.query(
      'SELECT count(*) AS grades, count(ask_id) AS asked, count(DISTINCT image_id) AS images FROM grade',
    ),
  ).toEqual([{ grades: 240, asked: 120, images: 120 }]);
});

/** A program of this folder as one file: Node 20 runs no TypeScript. */
async function bundled(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-child-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const outfile = join(folder, 'child.cjs');
  await build({
    entryPoints: [resolve(import.meta.dirname, name)],
    ...{ bundle: true, platform: 'node', format: 'cjs', outfile, logLevel: 'silent' },
    external: ['@electric-sql/*', 'pg-native'],
  });
  return outfile;
}
