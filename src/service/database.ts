import { rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { host, makeFolder } from '../image/disk.ts';
import { claimAlone, isClaimed, ownerOf } from '../image/owner.ts';
import { errorCode, messageOf, UserError } from '../lib/errors.ts';
import type { Logger } from './log.ts';
import { MIGRATIONS } from './migrations.ts';

/**
 * One statement with `$1`…, or several without values; rows have JavaScript values: numbers
 * (bigint too), Date, Uint8Array, parsed JSON. Pass JSON as text. Throws DatabaseAway where the
 * database cannot be reached.
 */
export type Query = <T extends object = Record<string, unknown>>(
  sql: string,
  values?: readonly unknown[],
) => Promise<T[]>;

export interface Database {
  readonly kind: 'postgres' | 'embedded';
  readonly query: Query;
  /** All or nothing; what `run` throws undoes it. */
  readonly transaction: <T>(run: (query: Query) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** The database cannot be reached now: answer 503 with Retry-After, try again later. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway';
  readonly retryAfterSeconds = 5;
}

interface OpenOptions {
  readonly log?: Logger;
  readonly connections?: number;
  /** A statement that takes longer would delay others: better an error. 0 for any time. */
  readonly longestMs?: number;
}

/**
 * Opens `postgres://…`, or the folder of an embedded PostgreSQL (PGlite), and brings its tables to
 * the newest form. Throws UserError for a folder that another process has, DatabaseAway where no
 * database answers.
 */
export async function openDatabase(place: string, options: OpenOptions = {}): Promise<Database> {
  if (isAddress(place)) {
    // To change a large table takes as long as it takes.
    const patient = openServer(place, { connections: 1, longestMs: 0 });
    await migrate(patient).finally(() => patient.close());
    return openServer(place, options);
  }
  const database = await openFolder(place);
  await migrate(database).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  return database;
}

export function isAddress(place: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(place);
}

const types = new pg.TypeOverrides();
// Numbers that fit, as PGlite gives them.
types.setTypeParser(pg.types.builtins.INT8, Number);

/** After so long without an answer, a new connection shows whether the server answers anybody. */
const SILENT_MS = 2_000;
const CONNECT_MS = 5_000;
const MOST_TRIES = 4;

function openServer(
  connectionString: string,
  { log, connections = 10, longestMs = 60_000 }: OpenOptions,
): Database {
  const pool = new pg.Pool({
    connectionString,
    max: connections,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    statement_timeout: longestMs,
    // Where one connection alone hangs.
    query_timeout: longestMs * 1.2,
    idle_in_transaction_session_timeout: longestMs,
    application_name: 'scoville',
    types,
  });
  // A connection that waits in the pool ended: the next query opens another.
  pool.on('error', (error) => log?.warn('a connection to the database ended', { error }));
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_MS });
    client.on('error', nothing);
    try {
      await client.connect();
    } catch (error) {
      // That it has no room for one more is an answer.
      if (!/^53/.test(errorCode(error) ?? '')) throw error;
    } finally {
      looking = undefined;
      client.end().catch(nothing);
    }
  };
  const watched = <T>(answer: Promise<T>): Promise<T> =>
    new Promise((done, failed) => {
      const timer = setInterval(() => {
        (looking ??= look()).catch(failed);
      }, SILENT_MS).unref();
      void answer.then(done, failed).finally(() => {
        clearInterval(timer);
      });
    });
  const onOne = async <T>(run: (query: Query) => Promise<T>): Promise<T> => {
    let client: pg.PoolClient | undefined;
    let failed: unknown;
    try {
      const one = (client = await pool.connect());
      // Without a listener, a connection that ends between two queries ends the process.
      one.on('error', nothing);
      return await run(async <R extends object>(sql: string, values?: readonly unknown[]) => {
        const result = await watched(one.query<R>(sql, values as unknown[]));
        // Of several statements, the last.
        const last = Array.isArray(result) ? (result as pg.QueryResult<R>[]).at(-1) : result;
        return last?.rows ?? [];
      });
    } catch (error) {
      throw (failed = asAway(error));
    } finally {
      client?.off('error', nothing);
      // With a failure the connection ends, and what was not committed with it.
      client?.release(failed !== undefined);
    }
  };
  let closing: Promise<void> | undefined;
  return {
    kind: 'postgres',
    query: (sql, values) => onOne((query) => query(sql, values)),
    transaction: async (run) => {
      for (let tries = 1; ; tries += 1)
        try {
          return await onOne(async (query) => {
            await query('BEGIN');
            const result = await run(query);
            await query('COMMIT');
            return result;
          });
        } catch (error) {
          // Of two transactions that wait for each other, PostgreSQL ends one: it begins again.
          if (tries === MOST_TRIES || !/^40/.test(errorCode(error) ?? '')) throw error;
        }
    },
    close: () => (closing ??= pool.end()),
  };
}

const nothing = (): void => undefined;

/**
 * Codes of the system and of PostgreSQL: no connection, shutting down, starting. Class 53 is too
 * many, no disk or no memory; 57014 took too long; 58 a fault of its disk; 25006 a standby.
 */
const AWAY =
  /^(?:ECONN(?:REFUSED|RESET|ABORTED)|ETIMEDOUT|EPIPE|ENOENT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|08...|53...|57014|57P0[1-5]|58...|25006)$/;
const AWAY_TEXT =
  /connection terminated|timeout exceeded when trying to connect|timeout expired|client has encountered a connection error|not queryable|Query read timeout/i;

function asAway(error: unknown): unknown {
  if (error instanceof DatabaseAway) return error;
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const isAway = AWAY.test(errorCode(inner) ?? '') || AWAY_TEXT.test(messageOf(inner));
  return isAway
    ? new DatabaseAway(`the database does not answer: ${messageOf(inner)}`, { cause: error })
    : error;
}

/** What PGlite says after a write to a full disk failed: its memory is not what is on the disk. */
const BROKEN = /unexpected state|unreachable|Aborted\(/;
const REOPEN_MS = 3_000;

/** One process and one connection: PGlite puts statements and transactions in a row. */
async function openFolder(folder: string): Promise<Database> {
  const free = await takeFolder(folder);
  const { PGlite } = await import('@electric-sql/pglite');
  const { pg_trgm } = await import('@electric-sql/pglite/contrib/pg_trgm');
  type Lite = InstanceType<typeof PGlite>;
  const open = (): Promise<Lite> =>
    PGlite.create({ dataDir: join(folder, 'data'), extensions: { pg_trgm } });
  let lite = await open().catch(async (cause: unknown) => {
    await free();
    throw new UserError(`the database in ${folder} does not open: ${messageOf(cause)}`, { cause });
  });
  let away: DatabaseAway | undefined;
  let isClosed = false;
  let reopening: Promise<void> | undefined;
  /** Opened from the disk again: all that was promised is there. */
  const reopen = async (): Promise<void> => {
    await lite.close().catch(nothing);
    while (!isClosed && away !== undefined) {
      await wait(REOPEN_MS, undefined, { ref: false });
      await open().then((opened) => {
        lite = opened;
        away = reopening = undefined;
      }, nothing);
    }
  };
  const onOne = async <T>(run: (one: Lite) => Promise<T>): Promise<T> => {
    if (away !== undefined) throw away;
    const mine = lite;
    try {
      return await run(mine);
    } catch (error) {
      const why = messageOf(error);
      const isName = error instanceof Error && error.name === 'RuntimeError';
      if (!isName && errorCode(error) !== '53100' && !BROKEN.test(why)) throw error;
      const cause = { cause: error };
      const failed = new DatabaseAway(`the database in ${folder} does not answer: ${why}`, cause);
      if (mine === lite && reopening === undefined) {
        away = failed;
        reopening = reopen();
      }
      throw failed;
    }
  };
  const queryOf =
    (runner: Pick<Lite, 'query' | 'exec'>): Query =>
    async <T extends object>(sql: string, values?: readonly unknown[]) =>
      values === undefined
        ? (((await runner.exec(sql)).at(-1)?.rows ?? []) as T[])
        : (await runner.query<T>(sql, [...values])).rows;
  let closing: Promise<void> | undefined;
  return {
    kind: 'embedded',
    query: (sql, values) =>
      onOne(async (one) => {
        try {
          return await queryOf(one)(sql, values);
        } catch (error) {
          if (values === undefined) await one.exec('ROLLBACK').catch(nothing);
          throw error;
        }
      }),
    transaction: (run) => onOne((one) => one.transaction((inner) => run(queryOf(inner)))),
    close: () =>
      (closing ??= (async () => {
        isClosed = true;
        await Promise.race([reopening, wait(REOPEN_MS, undefined, { ref: false })]);
        await lite.close().catch(nothing);
        await free();
      })()),
  };
}

/** How often a holder shows that it is alive, to those that cannot see its process. */
const TOUCH_MS = 4_000;
const LEFT_MS = 2.5 * TOUCH_MS;
const LOOK_MS = 250;

/**
 * Makes a folder this process's own, by a file `lock` in it; gives what frees it. Throws UserError
 * that names the process that has it. The lock of a process that ended is taken over, of one in
 * another container when it was silent for a while.
 */
async function takeFolder(folder: string): Promise<() => Promise<void>> {
  await makeFolder(folder);
  const lock = join(folder, 'lock');
  for (let waited = 0; !(await claimAlone(lock, LEFT_MS)); waited += LOOK_MS) {
    const { pid, host: where = '', since } = await ownerOf(lock);
    const isSeen = where === host() || waited > LEFT_MS;
    if (isSeen && pid !== undefined && (await isClaimed(lock, LEFT_MS))) {
      const on = where === host() ? '' : ` on ${where.split('.')[0] ?? ''}`;
      throw new UserError(`${folder} is in use by process ${pid}${on}, since ${since}`, {
        nextStep: 'stop that process, or name another folder with --database',
      });
    }
    await wait(LOOK_MS);
  }
  const { id } = await ownerOf(lock);
  const touch = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(nothing);
  }, TOUCH_MS).unref();
  return async () => {
    clearInterval(touch);
    // Not one that another process took over while this one was suspended.
    if ((await ownerOf(lock)).id === id) await rm(lock, { force: true });
  };
}

/** Brings the tables to the newest form; of several processes one does it. Never back. */
export async function migrate(
  { transaction }: Pick<Database, 'transaction'>,
  migrations = MIGRATIONS,
): Promise<void> {
  await transaction(async (query) => {
    // Any number: the same for all processes that migrate one database.
    await query('SELECT pg_advisory_xact_lock(7264110)');
    await query(`CREATE TABLE IF NOT EXISTS migration (
      number integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now()
    )`);
    const done = await query('SELECT number FROM migration');
    if (done.length > migrations.length)
      throw new UserError(`the database is of a newer Scoville: it has migration ${done.length}`, {
        nextStep: 'update Scoville, or restore a backup of before',
      });
    for (let number = done.length; number < migrations.length; number += 1) {
      await query(migrations[number] ?? '');
      await query('INSERT INTO migration VALUES ($1)', [number + 1]);
    }
  });
}
