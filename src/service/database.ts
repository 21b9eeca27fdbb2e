import { createHash } from 'node:crypto';
import { rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { host, makeFolder } from '../image/disk.ts';
import { claimAlone, isClaimed, ownerOf } from '../image/owner.ts';
import { errorCode, messageOf, UserError } from '../lib/errors.ts';
import type { Logger } from './log.ts';
import { type Migration, MIGRATIONS } from './migrations.ts';

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
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
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
  /** Since when queries wait for an answer, by what gives each up. */
  const waiting = new Map<(error: unknown) => void, number>();
  const late = () => [...waiting].filter(([, since]) => since < performance.now() - SILENT_MS);
  let look: Promise<unknown> | undefined;
  const watch = setInterval(() => {
    if (late().length === 0 || look !== undefined) return;
    const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_MS });
    client.on('error', () => undefined);
    look = client
      .connect()
      .catch((error: unknown) => {
        // That it has no room for one more is an answer.
        if (!/^53/.test(errorCode(error) ?? '')) for (const [giveUp] of late()) giveUp(error);
      })
      .finally(() => {
        look = undefined;
        client.end().catch(() => undefined);
      });
  }, 1_000).unref();
  const onOne = async <T>(run: (query: Query) => Promise<T>): Promise<T> => {
    const client = await pool.connect().catch((error: unknown) => {
      throw asAway(error);
    });
    let broken: Error | undefined;
    // Without a listener, a connection that ends between two queries ends the process.
    const note = (error: Error): void => {
      broken = error;
    };
    client.on('error', note);
    try {
      return await run(async <R extends object>(sql: string, values?: readonly unknown[]) => {
        let giveUp: ((error: unknown) => void) | undefined;
        try {
          const result = await new Promise<pg.QueryResult<R>>((done, failed) => {
            waiting.set((giveUp = failed), performance.now());
            client.query<R>(sql, values as unknown[]).then(done, failed);
          });
          // Of several statements, the last.
          const last = Array.isArray(result) ? (result as pg.QueryResult<R>[]).at(-1) : result;
          return last?.rows ?? [];
        } catch (error) {
          throw asAway(error);
        } finally {
          if (giveUp !== undefined) waiting.delete(giveUp);
        }
      });
    } catch (error) {
      // What cannot be rolled back has no connection any more.
      if (error instanceof DatabaseAway) broken = error;
      else await client.query('ROLLBACK').catch(note);
      throw error;
    } finally {
      client.off('error', note);
      client.release(broken);
    }
  };
  let closing: Promise<void> | undefined;
  return {
    kind: 'postgres',
    query: (sql, values) => onOne((query) => query(sql, values)),
    transaction: (run) =>
      again(() =>
        onOne(async (query) => {
          await query('BEGIN');
          const result = await run(query);
          await query('COMMIT');
          return result;
        }),
      ),
    close: () => {
      clearInterval(watch);
      return (closing ??= pool.end());
    },
  };
}

const MOST_TRIES = 4;

/** Two transactions that wait for each other: PostgreSQL ends one, which begins again. */
async function again<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      const isTurn = ['40P01', '40001'].includes(errorCode(error) ?? '');
      if (!isTurn || tries === MOST_TRIES) throw error;
    }
  }
}

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
  const lock = await takeFolder(folder);
  const { PGlite } = await import('@electric-sql/pglite');
  const { pg_trgm } = await import('@electric-sql/pglite/contrib/pg_trgm');
  type Lite = InstanceType<typeof PGlite>;
  const open = (): Promise<Lite> =>
    PGlite.create({ dataDir: join(folder, 'data'), extensions: { pg_trgm } });
  let lite: Lite | undefined = await open().catch(async (cause: unknown) => {
    await lock.free();
    throw new UserError(`the database in ${folder} does not open: ${messageOf(cause)}`, { cause });
  });
  let away: DatabaseAway | undefined;
  let isClosed = false;
  let reopening: Promise<void> | undefined;
  /** Opened from the disk again: all that was promised is there. */
  const reopen = async (broken: Lite): Promise<void> => {
    await broken.close().catch(() => undefined);
    while (!isClosed && lite === undefined) {
      await wait(REOPEN_MS, undefined, { ref: false });
      lite = await open().catch(() => undefined);
    }
  };
  const onOne = async <T>(run: (one: Lite) => Promise<T>): Promise<T> => {
    const mine = lite;
    if (mine === undefined) throw away ?? new DatabaseAway('the database is closed');
    try {
      return await run(mine);
    } catch (error) {
      const why = messageOf(error);
      const isName = error instanceof Error && error.name === 'RuntimeError';
      if (!isName && errorCode(error) !== '53100' && !BROKEN.test(why)) throw error;
      away = new DatabaseAway(`the database in ${folder} does not answer: ${why}`, {
        cause: error,
      });
      if (mine === lite && !isClosed) {
        lite = undefined;
        reopening = reopen(mine);
      }
      throw away;
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
          if (values === undefined) await one.exec('ROLLBACK').catch(() => undefined);
          throw error;
        }
      }),
    transaction: (run) => onOne((one) => one.transaction((inner) => run(queryOf(inner)))),
    close: () => {
      isClosed = true;
      return (closing ??= (async () => {
        await Promise.race([reopening, wait(REOPEN_MS, undefined, { ref: false })]);
        await lite?.close().catch(() => undefined);
        await lock.free();
      })());
    },
  };
}

/** How often a holder shows that it is alive, to those that cannot see its process. */
const TOUCH_MS = 4_000;
const LEFT_MS = 2.5 * TOUCH_MS;

/**
 * Makes a folder this process's own, by a file `lock` in it. Throws UserError that names the
 * process that has it. The lock of a process that ended is taken over, of one in another container
 * when it was silent for a while.
 */
async function takeFolder(folder: string): Promise<{ free: () => Promise<void> }> {
  await makeFolder(folder);
  const lock = join(folder, 'lock');
  const touched = async (): Promise<number> =>
    (await stat(lock).catch(() => undefined))?.mtimeMs ?? 0;
  const before = await touched();
  while (!(await claimAlone(lock, LEFT_MS))) {
    const { pid, host: where = '', since } = await ownerOf(lock);
    const isSeen = where === host() || (await touched()) !== before;
    if (isSeen && pid !== undefined && (await isClaimed(lock, LEFT_MS))) {
      const on = where === host() ? '' : ` on ${where.split('.')[0] ?? ''}`;
      throw new UserError(`${folder} is in use by process ${pid}${on}, since ${since}`, {
        nextStep: 'stop that process, or name another folder with --database',
      });
    }
    await wait(250);
  }
  const { id } = await ownerOf(lock);
  const touch = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => undefined);
  }, TOUCH_MS).unref();
  return {
    free: async () => {
      clearInterval(touch);
      // Not one that another process took over while this one was suspended.
      if ((await ownerOf(lock)).id === id) await rm(lock, { force: true });
    },
  };
}

const checksumOf = ({ sql }: Migration): string => createHash('sha256').update(sql).digest('hex');

/** Brings the tables to the newest form; of several processes one does it. Never back. */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await database.transaction(async (query) => {
    // Any number: the same for all processes that migrate one database.
    await query('SELECT pg_advisory_xact_lock(7264110)');
    await query(`CREATE TABLE IF NOT EXISTS migration (
      number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, at timestamptz NOT NULL DEFAULT now()
    )`);
    const done = await query<{ number: number; checksum: string }>(
      'SELECT number, checksum FROM migration ORDER BY number',
    );
    for (const { number, checksum } of done) {
      const known = migrations.find((one) => one.number === number);
      if (known === undefined)
        throw new UserError(`the database is of a newer Scoville: it has migration ${number}`, {
          nextStep: 'update Scoville, or restore a backup of before',
        });
      if (checksumOf(known) !== checksum)
        throw new UserError(`migration ${number} of the database is not this Scoville's`, {
          nextStep: 'name another database with --database',
        });
    }
    for (const migration of migrations.slice(done.length)) {
      await query(migration.sql);
      await query('INSERT INTO migration (number, name, checksum) VALUES ($1, $2, $3)', [
        ...[migration.number, migration.name, checksumOf(migration)],
      ]);
    }
  });
}
