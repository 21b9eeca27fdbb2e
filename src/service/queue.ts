import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import PgBoss from 'pg-boss';
import {
  type Database,
  DatabaseAway,
  type Job,
  type JobName,
  type Jobs,
  type Logger,
  type Query,
  type Queue,
  type ServiceSettings,
  TryAgain,
} from './deps.ts';
import { createAsk } from './records.ts';
import type { Reason } from './shapes.ts';

export interface QueueOptions {
  readonly now: () => number;
  readonly settings: Pick<ServiceSettings, 'bounds'>;
  readonly log?: Logger;
  /** Before the second attempt; three times as long before each that follows. */
  readonly retrySeconds?: number;
  /** How often an idle loop asks for a job that another process sent. */
  readonly pollMs?: number;
  /** A job whose process said nothing for so long goes to another. */
  readonly silentSeconds?: number;
}

const NAMES = ['grade', 'daily', 'follow', 'notify', 'attach'] as const satisfies JobName[];
const MOST_ATTEMPTS = 6;
const MOST_FACTOR = 3 ** 4;
/** What a handler may take after its time is over, to put things in order. */
const GRACE_MS = 30_000;
/** A person who waits goes before what nobody waits for. */
const PRIORITY: Readonly<Record<Reason, number>> = {
  ...{ api: 4, page: 4, harbor: 4, webhook: 3, follow: 1, daily: 0 },
};

interface Held {
  readonly id: string;
  readonly tries: number;
}

interface Taken extends Held {
  readonly lost: AbortController;
}

/**
 * pg-boss has the tables, sends, fetches and archives. It would find a killed process's job only
 * when the job's whole time is over. So a process says each few seconds which jobs it has, in
 * `started_on`; one that is silent for a minute loses them. Holders of a job differ by
 * `retry_count`.
 */
export async function openQueue(database: Database, options: QueueOptions): Promise<Queue> {
  const { now, settings, log, retrySeconds = 10, pollMs = 1_000, silentSeconds = 60 } = options;
  const { query } = database;
  const boss = new PgBoss({
    db: bossDb(database),
    schedule: false,
    // What is done is deleted at once; this is for marks of `schedule`.
    archiveCompletedAfterSeconds: 2 * 3600,
    deleteAfterHours: 1,
    retentionDays: 90,
  });
  boss.on('error', (error) => log?.warn('upkeep of the queue failed', { error }));
  const prepare = async (): Promise<void> => {
    await boss.start();
    for (const name of NAMES) {
      // Of those with a key, `short` lets one wait.
      const policy = name === 'grade' ? 'standard' : 'short';
      await boss.createQueue(name, { name, policy, expireInSeconds: 23 * 3600 });
    }
    await query(
      `CREATE INDEX IF NOT EXISTS job_running ON pgboss.job (started_on) WHERE state = 'active'`,
    );
  };
  try {
    // Processes that start together would make the same tables: they take turns.
    if (database.kind === 'embedded') await prepare();
    else
      await database.transaction(async (turn) => {
        await turn(`SELECT pg_advisory_xact_lock(hashtext('scoville queue'))`);
        await prepare();
      });
  } catch (error) {
    // Its timers would keep the process.
    await boss.stop({ graceful: false, close: false }).catch(() => undefined);
    throw error;
  }

  const taken = new Set<Taken>();
  const running = new Set<Promise<void>>();
  const timers: NodeJS.Timeout[] = [];
  const idle = new AbortController();
  let bell = new AbortController();
  const ring = (): void => {
    bell.abort();
    bell = new AbortController();
  };

  const bounded = (run: () => Promise<void>, ms: number): void => {
    let isBusy = false;
    const timer = setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      run()
        .catch((error: unknown) => log?.warn('upkeep of the queue failed', { error }))
        .finally(() => (isBusy = false));
    }, ms);
    timers.push(timer.unref());
  };
  const sayAlive = async (): Promise<void> => {
    const mine = [...taken];
    if (mine.length === 0) return;
    const kept = await query<{ id: string }>(
      `UPDATE pgboss.job j SET started_on = now()
       FROM unnest($1::uuid[], $2::int[]) AS m (id, tries)
       WHERE j.id = m.id AND j.retry_count = m.tries AND j.state = 'active' RETURNING j.id`,
      [mine.map(({ id }) => id), mine.map(({ tries }) => tries)],
    );
    for (const one of mine)
      if (taken.has(one) && !kept.some(({ id }) => id === one.id))
        one.lost.abort(new Error('another process has the job now'));
  };
  const takeBack = async (): Promise<void> => {
    await query(
      `UPDATE pgboss.job SET state = 'retry', start_after = now()
       WHERE state = 'active' AND started_on < now() - make_interval(secs => $1)`,
      [silentSeconds],
    );
  };
  /** Asks without a job any more: its handler threw, or it was removed. */
  const endLost = async (): Promise<void> => {
    const at = now();
    const oldest = (ms: number): Date => new Date(at - ms);
    await query(
      `UPDATE ask a SET state = 'failed', is_open = false, finished_at = $1, progress = NULL,
         error = coalesce(error, $2::jsonb)
       WHERE state IN ('queued', 'running') AND asked_at < CASE WHEN has_job THEN $3 ELSE $4 END::timestamptz
         AND NOT EXISTS (SELECT FROM pgboss.job j WHERE j.name = 'grade' AND j.id = a.id AND j.state < 'completed')`,
      [
        new Date(at),
        JSON.stringify({ message: 'the process that graded it ended', nextStep: 'ask again' }),
        oldest(60_000),
        oldest(2_000 * settings.bounds.seconds),
      ],
    );
  };
  bounded(sayAlive, (silentSeconds * 1000) / 4);
  bounded(takeBack, (silentSeconds * 1000) / 4);
  bounded(endLost, silentSeconds * 1000);

  const putBack = async ({ id, tries }: Held, name: JobName, seconds: number): Promise<void> => {
    await query(
      `UPDATE pgboss.job SET state = 'retry', start_after = now() + make_interval(secs => $4)
       WHERE name = $1 AND id = $2 AND retry_count = $3 AND state = 'active'`,
      [name, id, tries, seconds],
    );
  };
  const end = async ({ id, tries }: Held, name: JobName): Promise<void> => {
    // Jobs that are done mark the slots of `schedule`.
    await query(
      name === 'daily' || name === 'follow'
        ? `UPDATE pgboss.job SET state = 'completed', completed_on = now()
           WHERE name = $1 AND id = $2 AND retry_count = $3 AND state = 'active'`
        : `DELETE FROM pgboss.job WHERE name = $1 AND id = $2 AND retry_count = $3 AND state = 'active'`,
      [name, id, tries],
    );
  };
  /** What becomes of a job whose handler threw. */
  const settle = async (one: Taken, name: JobName, error: unknown): Promise<void> => {
    const attempt = one.tries + 1;
    const mayTry = name === 'grade' || attempt < MOST_ATTEMPTS;
    if (error instanceof DatabaseAway || (error instanceof TryAgain && mayTry)) {
      const factor = Math.min(3 ** one.tries, MOST_FACTOR);
      await putBack(one, name, retrySeconds * factor);
      return;
    }
    log?.error('a job failed', { job: name, id: one.id, attempt, error });
    await end(one, name);
  };
  const handle = async <N extends JobName>(
    name: N,
    found: PgBoss.JobWithMetadata<Jobs[N]>,
    handler: (job: Job<N>) => Promise<void>,
  ): Promise<void> => {
    const one: Taken = { id: found.id, tries: found.retryCount, lost: new AbortController() };
    taken.add(one);
    const ms = (settings.bounds.seconds + 60) * 1000;
    const signal = AbortSignal.any([one.lost.signal, AbortSignal.timeout(ms)]);
    const over = new AbortController();
    try {
      const job = { id: one.id, data: found.data, attempt: one.tries + 1, signal };
      await Promise.race([
        handler(job),
        wait(ms + GRACE_MS, undefined, { signal: over.signal, ref: false }).then(() => {
          throw new Error('its time is over');
        }),
      ]);
      // Lost, or the queue stops: it was put back, also where the handler went on to its end.
      if (!one.lost.signal.aborted) await end(one, name);
    } catch (error) {
      if (!one.lost.signal.aborted) await settle(one, name, error);
    } finally {
      over.abort();
      taken.delete(one);
    }
  };
  const loop = async <N extends JobName>(
    name: N,
    handler: (job: Job<N>) => Promise<void>,
  ): Promise<void> => {
    const isOver = (): boolean => idle.signal.aborted;
    while (!isOver()) {
      const call = bell.signal;
      try {
        const [found] = await boss.fetch<Jobs[N]>(name, { includeMetadata: true, batchSize: 1 });
        if (found === undefined)
          await wait(pollMs, undefined, { signal: AbortSignal.any([call, idle.signal]) }).catch(
            () => undefined,
          );
        else if (isOver()) await putBack({ id: found.id, tries: found.retryCount }, name, 0);
        else await handle(name, found, handler);
      } catch (error) {
        // The job stays as it is, nobody says that it is alive, and it comes back.
        log?.warn('a job could not be ended', { job: name, error });
        await wait(pollMs, undefined, { signal: idle.signal }).catch(() => undefined);
      }
    }
  };
  const send: Queue['send'] = async (name, data, { key, afterSeconds, query: within } = {}) => {
    const id = await boss.send(name, data, {
      ...(afterSeconds === undefined ? {} : { startAfter: afterSeconds }),
      singletonKey: key ?? randomUUID(),
      ...(within === undefined ? {} : { db: queryDb(within) }),
    });
    if (within === undefined) ring();
    return id ?? undefined;
  };

  return {
    ask: async (ask) => {
      const result = await database.transaction(async (query) => {
        const made = await createAsk(query, ask, now());
        const { id } = made.ask;
        const priority = PRIORITY[ask.reason];
        if (!made.isNew)
          await query(
            `UPDATE pgboss.job SET priority = greatest(priority, $2) WHERE name = 'grade' AND id = $1`,
            [id, priority],
          );
        else if (ask.here !== true)
          await boss.send(
            'grade',
            { askId: id, ...(ask.fresh === true ? { fresh: true } : {}) },
            { id, priority, db: queryDb(query) },
          );
        return made;
      });
      ring();
      return result;
    },
    send,
    work: (name, handler, { parallel = 1 } = {}) => {
      for (let i = 0; i < parallel; i += 1) {
        const one = loop(name, handler).finally(() => running.delete(one));
        running.add(one);
      }
    },
    schedule: (name, seconds) => {
      const now = async (): Promise<void> => {
        await boss.send(name, {}, { singletonSeconds: Math.min(seconds, 3600) });
        ring();
      };
      now().catch((error: unknown) => log?.warn('a job could not be sent', { job: name, error }));
      bounded(now, Math.min(seconds * 250, 60_000));
    },
    sizes: async () => {
      const rows = await query<{ name: JobName; is_running: boolean; jobs: number }>(
        `SELECT name, state = 'active' AS is_running, count(*) AS jobs FROM pgboss.job
         WHERE state <= 'active' GROUP BY 1, 2`,
      );
      const of = (name: JobName, isRunning: boolean): number =>
        rows.find((row) => row.name === name && row.is_running === isRunning)?.jobs ?? 0;
      return Object.fromEntries(
        NAMES.map((name) => [name, { waiting: of(name, false), running: of(name, true) }]),
      ) as Awaited<ReturnType<Queue['sizes']>>;
    },
    stop: async ({ seconds = 30 } = {}) => {
      idle.abort();
      await Promise.race([Promise.all(running), wait(seconds * 1000, undefined, { ref: false })]);
      const left = [...taken];
      for (const { lost } of left) lost.abort(new Error('the service stops'));
      for (const timer of timers) clearInterval(timer);
      // A killed process gives its jobs back too, a minute later.
      await query(
        `UPDATE pgboss.job j SET state = 'retry', start_after = now()
         FROM unnest($1::uuid[], $2::int[]) AS m (id, tries)
         WHERE j.id = m.id AND j.retry_count = m.tries AND j.state = 'active'`,
        [left.map(({ id }) => id), left.map(({ tries }) => tries)],
      ).catch(() => undefined);
      await boss.stop({ graceful: false, close: false });
    },
  };
}

/** pg-boss sends some statements at once, without values, with a transaction of their own. */
function bossDb(database: Database): PgBoss.Db {
  return {
    executeSql: async (text: string, values?: unknown[]) => {
      if (values !== undefined && values.length > 0)
        return { rows: await database.query(text, values) };
      if (/^\s*BEGIN;/.test(text)) {
        await database.script(text);
        return { rows: [] };
      }
      return { rows: await database.query(text) };
    },
  };
}

function queryDb(query: Query): PgBoss.Db {
  return { executeSql: async (text, values) => ({ rows: await query(text, values) }) };
}
