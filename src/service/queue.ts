import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import PgBoss from 'pg-boss';
import { given } from '../lib/json.ts';
import { type Database, DatabaseAway, type Query } from './database.ts';
import type { Logger } from './log.ts';
import type { Due } from './records-images.ts';
import { type Asked, createAsks, type NewAsk } from './records.ts';
import type { ServiceSettings } from './settings.ts';
import type { Reason } from './shapes.ts';

export interface Jobs {
  readonly grade: { readonly askId: string };
  /** Grades these again, several at once. */
  readonly again: { readonly due: readonly Due[] };
  /** Looks for what was graded a day ago; removes what is too old. */
  readonly daily: Readonly<Record<string, never>>;
  readonly follow: Readonly<Record<string, never>>;
  /** Sends what waits for an address. */
  readonly notify: { readonly url: string };
  /** Signs a grade and attaches it to its image; `id` is for whom asked. */
  readonly attach: { readonly gradeId: string };
}
export type JobName = keyof Jobs;

export interface Job<N extends JobName = JobName> {
  readonly id: string;
  readonly data: Jobs[N];
  readonly attempt: number;
  /** Aborted when its time is over, the queue stops, or another process has the job now. */
  readonly signal: AbortSignal;
}

/** Thrown by a handler: the job comes back after a time that grows, at most five times. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
}

export interface JobOptions {
  /** Not sent where one with this key is waiting. */
  readonly key?: string;
  readonly afterSeconds?: number;
  /** Part of this transaction. */
  readonly query?: Query;
}

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

const NAMES: readonly JobName[] = ['grade', 'again', 'daily', 'follow', 'notify', 'attach'];
const SCHEDULED: readonly JobName[] = ['daily', 'follow'];
const MOST_ATTEMPTS = 6;
/** A job whose process ends each time does not come back for ever. */
const MOST_ENDS = 30;
const MOST_FACTOR = 3 ** 4;
/** Asks of one transaction. */
const MOST_TOGETHER = 1_000;
const WEEK_SECONDS = 7 * 86_400;
/** A person who waits goes before what nobody waits for. */
const PRIORITY: Readonly<Record<Reason, number>> = {
  api: 4,
  page: 4,
  harbor: 4,
  webhook: 3,
  follow: 1,
  daily: 0,
};

interface Taken {
  readonly name: JobName;
  readonly id: string;
  readonly tries: number;
  /** Aborted when it is another process's, or the queue stops. */
  readonly lost: AbortController;
}

export type Queue = Awaited<ReturnType<typeof openQueue>>;

/**
 * pg-boss has the tables, sends, fetches, expires and archives. It would find a killed process's
 * job only when the job's whole time is over. So a job expires after a minute, and a process says
 * each few seconds which ones it has, in `started_on`. Holders of a job differ by `retry_count`.
 */
export async function openQueue(database: Database, options: QueueOptions) {
  const { now, settings, log, retrySeconds = 10, pollMs = 1_000, silentSeconds = 60 } = options;
  const { query } = database;
  // Jobs that are done are deleted at once, but those that were scheduled: their time is taken.
  const boss = new PgBoss({
    db: bossDb(query),
    schedule: false,
    retentionDays: 90,
    archiveCompletedAfterSeconds: WEEK_SECONDS,
    // Of its rounds it leaves out every other one.
    maintenanceIntervalSeconds: Math.ceil(silentSeconds / 2),
  });
  boss.on('error', (error) => log?.warn('upkeep of the queue failed', { error }));
  const prepare = async (): Promise<void> => {
    await boss.start();
    for (const name of NAMES) {
      // Of those with a key, `short` lets one wait.
      const policy = name === 'grade' ? 'standard' : 'short';
      const bounds = { expireInSeconds: silentSeconds, retryLimit: MOST_ENDS };
      await boss.createQueue(name, { name, policy, ...bounds });
    }
    // Without it, each look for the next job sorts all that wait.
    await query(
      `CREATE INDEX IF NOT EXISTS job_next ON pgboss.job (name, priority DESC, created_on, id) WHERE state < 'active'`,
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
  const loops: Promise<void>[] = [];
  const idle = new AbortController();
  const bells = new Map(NAMES.map((name) => [name, new AbortController()]));
  const ring = (name: JobName): void => {
    bells.get(name)?.abort();
    bells.set(name, new AbortController());
  };
  const pause = (name: JobName): Promise<void> => {
    const until = [idle, bells.get(name) ?? idle].map(({ signal }) => signal);
    return wait(pollMs, undefined, { signal: AbortSignal.any(until) }).catch(() => undefined);
  };

  /** Changes those of the jobs that this process still has. */
  const change = (what: string, jobs: readonly Taken[], ...more: unknown[]) =>
    query<{ id: string }>(
      `${what} json_to_recordset($1) AS m (name text, id uuid, tries int)
       WHERE j.name = m.name AND j.id = m.id AND j.retry_count = m.tries AND j.state = 'active' RETURNING j.id`,
      [JSON.stringify(jobs), ...more],
    );
  const sayAlive = async (): Promise<void> => {
    const mine = [...taken].filter(({ lost }) => !lost.signal.aborted);
    const kept = await change('UPDATE pgboss.job j SET started_on = now() FROM', mine);
    for (const one of mine)
      if (!kept.some(({ id }) => id === one.id))
        one.lost.abort(new Error('another process has the job now'));
  };
  /** Asks without a job any more: its handler threw, or it was removed. */
  const endLost = async (): Promise<void> => {
    const why = { message: 'the process that graded it ended', nextStep: 'ask again' };
    await query(
      `UPDATE ask a SET state = 'failed', is_open = false, finished_at = $1, progress = NULL,
         error = coalesce(error, $2::jsonb)
       WHERE state IN ('queued', 'running')
         AND asked_at < $1::timestamptz - make_interval(secs => CASE WHEN has_job THEN 60 ELSE $3 END)
         AND NOT EXISTS (SELECT FROM pgboss.job j WHERE j.name = 'grade' AND j.id = a.id AND j.state < 'completed')`,
      [new Date(now()), JSON.stringify(why), 2 * settings.bounds.seconds],
    );
  };
  const upkeep: (() => Promise<void>)[] = [sayAlive, endLost];
  let running: Promise<void> | undefined;
  const keepUp = (): void => {
    running ??= (async () => {
      for (const run of upkeep) await run();
    })()
      .catch((error: unknown) => log?.warn('upkeep of the queue failed', { error }))
      .finally(() => (running = undefined));
  };
  const timer = setInterval(keepUp, silentSeconds * 250).unref();

  const putBack = (jobs: readonly Taken[], seconds: number) =>
    change(
      `UPDATE pgboss.job j SET state = 'retry', start_after = now() + make_interval(secs => $2) FROM`,
      jobs,
      seconds,
    );
  const end = (one: Taken) =>
    change(
      SCHEDULED.includes(one.name)
        ? `UPDATE pgboss.job j SET state = 'completed', completed_on = now() FROM`
        : 'DELETE FROM pgboss.job j USING',
      [one],
    );
  const handle = async <N extends JobName>(
    one: Taken,
    data: Jobs[N],
    handler: (job: Job<N>) => Promise<void>,
  ): Promise<void> => {
    const { name, id, tries, lost } = one;
    // Grades have their own bound, and may wait for those before them.
    const isGrade = name === 'grade' || name === 'again';
    const time = (): AbortSignal => AbortSignal.timeout((settings.bounds.seconds + 60) * 1000);
    const signal = isGrade ? lost.signal : AbortSignal.any([lost.signal, time()]);
    taken.add(one);
    try {
      await handler({ id, data, attempt: tries + 1, signal });
      if (!lost.signal.aborted) await end(one);
    } catch (error) {
      if (lost.signal.aborted) return;
      const mayTry = name === 'grade' || tries + 1 < MOST_ATTEMPTS;
      if (error instanceof DatabaseAway || (error instanceof TryAgain && mayTry))
        await putBack([one], retrySeconds * Math.min(3 ** tries, MOST_FACTOR));
      else {
        log?.error('a job failed', { job: name, id, attempt: tries + 1, error });
        await end(one);
      }
    } finally {
      taken.delete(one);
    }
  };
  const loop = async <N extends JobName>(
    name: N,
    handler: (job: Job<N>) => Promise<void>,
  ): Promise<void> => {
    const isOver = (): boolean => idle.signal.aborted;
    while (!isOver())
      try {
        const called = pause(name);
        const [job] = await boss.fetch<Jobs[N]>(name, { includeMetadata: true });
        if (job === undefined) await called;
        else {
          const { id, data, retryCount: tries } = job;
          const one: Taken = { name, id, tries, lost: new AbortController() };
          await (isOver() ? putBack([one], 0) : handle(one, data, handler));
        }
      } catch (error) {
        // The job stays as it is, nobody says that it is alive, and it comes back.
        log?.warn('a job could not be ended', { job: name, error });
        await pause(name);
      }
  };
  const askAll = async (asks: readonly NewAsk[]): Promise<readonly Asked[]> => {
    const all = await database.transaction(async (query) => {
      const made = await createAsks(query, asks, now());
      const jobs = made.flatMap(({ ask: { id, reason } }, i) => {
        const priority = PRIORITY[asks[i]?.reason ?? reason];
        return asks[i]?.here ? [] : { name: 'grade', id, data: { askId: id }, priority };
      });
      // Those that are there stay.
      if (jobs.length > 0) await boss.insert(jobs, { db: bossDb(query) });
      if (made.some(({ isNew }) => !isNew))
        await query(
          `UPDATE pgboss.job j SET priority = m.priority
           FROM json_to_recordset($1) AS m (id uuid, priority int)
           WHERE j.name = 'grade' AND j.id = m.id AND m.priority > j.priority`,
          [JSON.stringify(jobs)],
        );
      return made;
    });
    ring('grade');
    return all;
  };

  return {
    /** Ask and job in one transaction; the one that is queued already, where there is one. */
    ask: async (one: NewAsk): Promise<Asked> => (await askAll([one]))[0] as Asked,
    /** The same for many. Of those before a failure, all were asked for. */
    askAll: async (asks: readonly NewAsk[]): Promise<void> => {
      for (let i = 0; i < asks.length; i += MOST_TOGETHER)
        await askAll(asks.slice(i, i + MOST_TOGETHER));
    },
    /** The id; undefined where one with the same key waits. */
    send: async <N extends JobName>(
      name: N,
      data: Jobs[N],
      { key, afterSeconds, query: within }: JobOptions = {},
    ): Promise<string | undefined> => {
      const id = await boss.send(name, data, {
        ...given({ startAfter: afterSeconds, db: within && bossDb(within) }),
        singletonKey: key ?? randomUUID(),
      });
      if (within === undefined) ring(name);
      return id ?? undefined;
    },
    /**
     * Takes jobs, `parallel` at a time. A job whose process was killed comes back within two
     * minutes. A handler that throws TryAgain or DatabaseAway is called again later; what else it
     * throws ends the job, and is logged.
     */
    work: <N extends JobName>(
      name: N,
      handler: (job: Job<N>) => Promise<void>,
      { parallel = 1 }: { readonly parallel?: number } = {},
    ): void => {
      for (let i = 0; i < parallel; i += 1) loops.push(loop(name, handler));
    },
    /** One job of it each so many seconds, however many processes say so. */
    schedule: (name: 'daily' | 'follow', seconds: number): void => {
      const singletonSeconds = Math.min(seconds, WEEK_SECONDS);
      upkeep.push(async () => {
        if ((await boss.send(name, {}, { singletonSeconds })) !== null) ring(name);
      });
      keepUp();
    },
    sizes: async (): Promise<Record<JobName, { waiting: number; running: number }>> => {
      const rows = await query<{ name: JobName; waiting: number; running: number }>(
        `SELECT n.name, count(*) FILTER (WHERE state < 'active') AS waiting,
           count(*) FILTER (WHERE state = 'active') AS running
         FROM unnest($1::text[]) AS n (name) LEFT JOIN pgboss.job j ON j.name = n.name AND state <= 'active'
         GROUP BY n.name`,
        [NAMES],
      );
      const sizes = rows.map(({ name, ...counts }) => [name, counts]);
      return Object.fromEntries(sizes) as Record<JobName, { waiting: number; running: number }>;
    },
    /** Stops taking jobs; waits for those that run, at most so long, then gives them back. */
    stop: async ({ seconds = 30 }: { readonly seconds?: number } = {}): Promise<void> => {
      idle.abort();
      await Promise.race([Promise.all(loops), wait(seconds * 1000, undefined, { ref: false })]);
      const left = [...taken];
      for (const { lost } of left) lost.abort(new Error('the service stops'));
      clearInterval(timer);
      // A killed process gives its jobs back too, a minute later.
      await putBack(left, 0).catch(() => undefined);
      await boss.stop({ graceful: false, close: false });
    },
  };
}

function bossDb(query: Query): PgBoss.Db {
  return {
    executeSql: async (text: string, values?: unknown[]) => ({
      // Without values, it may be several at once with a transaction of their own.
      rows: await query(text, values?.length === 0 ? undefined : values),
    }),
  };
}
