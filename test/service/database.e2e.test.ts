import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { host } from '../../src/image/disk.ts';
import { UserError } from '../../src/lib/errors.ts';
import { buildApp } from '../../src/service/app.ts';
import { type Database, DatabaseAway, migrate, openDatabase } from '../../src/service/database.ts';
import { openLog } from '../../src/service/log.ts';
import { MIGRATIONS } from '../../src/service/migrations.ts';
import { openParts } from '../../src/service/parts.ts';
import { cleanDatabase, emptyPlace, KINDS, postgres, removeDatabases } from './databases.ts';
import { startPostgres } from './postgres.ts';
import { serviceSettings } from './service.ts';

afterAll(removeDatabases);

const { pid } = process;

async function open(place: string): Promise<Database> {
  const database = await openDatabase(place);
  onTestFinished(() => database.close());
  return database;
}

/** Fills the disk with rows of a megabyte, until one cannot be written. */
async function filled({ query }: Database) {
  const insert = (key: number) =>
    query('INSERT INTO layer_facts VALUES ($1, $2, 1, now())', [
      ...[String(key), randomBytes(1_000_000)],
    ]);
  let rows = 0;
  let error: unknown;
  while (error === undefined)
    await insert(rows).then(
      () => (rows += 1),
      (thrown: unknown) => (error = thrown),
    );
  return { rows, error, insert };
}

/** Tables, columns, indexes and functions of the service. */
function form({ query }: Database): Promise<unknown[]> {
  return query(`SELECT table_name AS name, column_name || ' ' || data_type AS what
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT proname, prosrc FROM pg_proc WHERE proname = 'tally_image' ORDER BY 1, 2`);
}

describe.each(KINDS)('%s', (kind) => {
  test('gives values of JavaScript', async () => {
    const { query } = await cleanDatabase(kind);
    const [row] = await query(
      `SELECT 9007199254740991::bigint AS large, $1::timestamptz AS at, $2::jsonb AS json, $3::text[] AS texts,
         $4::bytea AS bytes, NULL AS nothing, count(*) AS counted, sum(2::int) AS summed FROM generate_series(1, 3)`,
      [new Date(1234567), JSON.stringify([{ a: 1 }]), ['a"b', 'c,\\d', ''], Buffer.from([0, 255])],
    );
    const bytes = row?.['bytes'] as Uint8Array;
    expect({ ...row, bytes: [...bytes] }).toEqual({
      large: 9007199254740991,
      at: new Date(1234567),
      json: [{ a: 1 }],
      texts: ['a"b', 'c,\\d', ''],
      bytes: [0, 255],
      nothing: null,
      counted: 3,
      summed: 6,
    });
  });

  test('a transaction is all or nothing', async () => {
    const { query, transaction } = await cleanDatabase(kind);
    const insert = (name: string) => `INSERT INTO image (name, is_tag) VALUES ('${name}', true)`;
    const failed = transaction(async (inner) => {
      await inner(insert('a/b:1'));
      await inner('SELECT 1 / 0');
    });
    await expect(failed).rejects.toThrow('division by zero');
    await transaction((inner) => inner(insert('a/b:2')));
    expect(await query('SELECT name FROM image')).toEqual([{ name: 'a/b:2' }]);
  });

  test('a script that fails leaves no open transaction', async () => {
    const { query } = await cleanDatabase(kind);
    for (let i = 0; i < 12; i++)
      await expect(query('BEGIN; SELECT 1 / 0; COMMIT;')).rejects.toThrow('division by zero');
    await expect(query('SELECT nothing')).rejects.toThrow('column "nothing" does not exist');
    expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('comes to the newest form from every earlier one', async () => {
    const newest = await form(await cleanDatabase(kind));
    // Only one place: an embedded database takes seconds to make.
    const database = await open(await emptyPlace(kind));
    for (let done = 0; done <= MIGRATIONS.length; done++) {
      await database.query('DROP SCHEMA public CASCADE');
      await database.query('CREATE SCHEMA public');
      await migrate(database, MIGRATIONS.slice(0, done));
      await migrate(database);
      expect(await form(database)).toEqual(newest);
    }
    const done = await database.query('SELECT number FROM migration ORDER BY number');
    expect(done).toEqual(MIGRATIONS.map((_, i) => ({ number: i + 1 })));
    await migrate(database);

    const more = [...MIGRATIONS, 'CREATE TABLE later ()'];
    await migrate(database, more);
    await expect(migrate(database)).rejects.toThrow(
      `the database is of a newer Scoville: it has migration ${more.length}`,
    );
    const broken = [...more, 'CREATE TABLE half (); SELECT 1 / 0'];
    await expect(migrate(database, broken)).rejects.toThrow('division by zero');
    expect(await database.query(`SELECT to_regclass('half') AS half`)).toEqual([{ half: null }]);
  });
});

test('several processes bring one PostgreSQL to its form at once', async () => {
  const place = await emptyPlace('postgres');
  const all = await Promise.all(Array.from({ length: 4 }, () => open(place)));
  expect(await all[0]?.query('SELECT count(*) AS done FROM migration')).toEqual([
    { done: MIGRATIONS.length },
  ]);
});

test.runIf(process.platform === 'linux')(
  'of a PostgreSQL that hangs requests hear within ten seconds; what takes long is not cut off',
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    const database = await open(await server.database());
    const log = openLog(() => undefined, Date.now, 'info');
    const deps = await openParts(database, { settings: serviceSettings(), log, now: Date.now });
    const app = await buildApp(deps);
    onTestFinished(async () => {
      await app.close();
      await deps.queue.stop({ seconds: 0 });
    });
    const slept = await database.query('SELECT 1 AS one FROM pg_sleep(9)');
    expect(slept).toEqual([{ one: 1 }]);
    await server.signal('SIGSTOP');
    const began = performance.now();
    // More than there are connections.
    const answers = await Promise.all(
      Array.from({ length: 15 }, () => app.inject('/api/v1/images')),
    );
    const seconds = (performance.now() - began) / 1000;
    for (const { statusCode, headers } of answers)
      expect([statusCode, Number(headers['retry-after']) > 0]).toEqual([503, true]);
    expect(seconds).toBeLessThan(10);
    await server.signal('SIGCONT');
    const again = async () => (await app.inject('/api/v1/images')).statusCode;
    await expect.poll(again, { timeout: 30_000 }).toBe(200);
  },
);

test('a PostgreSQL that is away says so, and is there again', async () => {
  const server = await postgres();
  const database = await open(await server.database());
  const running = database.query('SELECT pg_sleep(60)').catch((error: unknown) => error);
  const within = database
    .transaction(async (query) => {
      await query(`INSERT INTO image (name, is_tag) VALUES ('a/b:1', true)`);
      await server.stop('immediate');
      await query('SELECT 1');
    })
    .catch((error: unknown) => error);
  expect(await within).toBeInstanceOf(DatabaseAway);
  expect(await running).toBeInstanceOf(DatabaseAway);
  for (let i = 0; i < 15; i++)
    await expect(database.query('SELECT 1')).rejects.toBeInstanceOf(DatabaseAway);
  await expect(database.transaction((query) => query('SELECT 1'))).rejects.toMatchObject({
    ...{ name: 'DatabaseAway', retryAfterSeconds: 5 },
  });
  await expect(
    openDatabase(await Promise.resolve('postgres://postgres@127.0.0.1:9/x')),
  ).rejects.toThrow(DatabaseAway);
  await server.start();
  expect(await database.query('SELECT count(*) AS images FROM image')).toEqual([{ images: 0 }]);
  expect(await database.transaction((query) => query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
});

test.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
  'a PostgreSQL whose disk is full is away, and has all that was promised when there is room again',
  async () => {
    const server = await startPostgres({ disk: '150m' });
    onTestFinished(() => server.remove());
    const database = await openDatabase(await server.database());
    onTestFinished(() => database.close());
    const { rows, error, insert } = await filled(database);
    expect(error).toBeInstanceOf(DatabaseAway);
    await server.resize('400m');
    // It ends itself where its journal had no room.
    await server.start().catch(() => undefined);
    const count = () => database.query('SELECT count(*) AS rows FROM layer_facts');
    await expect.poll(() => count().catch(() => []), { timeout: 120_000 }).toEqual([{ rows }]);
    await insert(rows);
    expect(await count()).toEqual([{ rows: rows + 1 }]);
  },
);

describe('a folder', () => {
  test('has one process: the second hears which', async () => {
    const folder = await emptyPlace('embedded');
    const first = await openDatabase(folder);
    await first.query(`INSERT INTO image (name, is_tag) VALUES ('a/b:1', true)`);
    const error: unknown = await openDatabase(folder).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(
      new RegExp(`^${folder} is in use by process ${pid}, since 20\\d\\d-\\d\\d-\\d\\dT`),
    );
    expect((error as UserError).nextStep).toBe(
      'stop that process, or name another folder with --database',
    );
    await first.close();
    await first.close();
    const again = await open(folder);
    expect(await again.query('SELECT name FROM image')).toEqual([{ name: 'a/b:1' }]);
  });

  test('of a killed process is taken over', async () => {
    const folder = await emptyPlace('embedded');
    const first = await openDatabase(folder);
    const lock = join(folder, 'lock');
    const own = JSON.parse(await readFile(lock, 'utf8')) as object;
    await first.close();
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    const stat = await readFile(`/proc/${child.pid ?? 0}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
    const started = `${boot.trim()} ${began}`;
    await writeFile(lock, JSON.stringify({ ...own, pid: child.pid, started }));
    await expect(openDatabase(folder)).rejects.toThrow(`is in use by process ${child.pid ?? 0}`);
    // The same number, of a process that began at another time.
    await writeFile(lock, JSON.stringify({ ...own, pid: child.pid, started: `${boot.trim()} 1` }));
    await (await openDatabase(folder)).close();
    await writeFile(lock, JSON.stringify({ ...own, pid: child.pid, started }));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const taken = await Promise.allSettled([openDatabase(folder), openDatabase(folder)]);
    const opened = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(opened).toHaveLength(1);
    expect(JSON.parse(await readFile(lock, 'utf8'))).toMatchObject({
      pid,
      host: host(),
    });
    await opened[0]?.close();
    await writeFile(lock, '{"half');
    await (await openDatabase(folder)).close();
  });

  test('of a process that cannot be seen is in use while it touches its lock', async () => {
    const folder = await emptyPlace('embedded');
    const first = await openDatabase(folder);
    const lock = join(folder, 'lock');
    const own = JSON.parse(await readFile(lock, 'utf8')) as object;
    const other = JSON.stringify({ ...own, host: 'box.1.2', pid: 7, id: 'x', since: 'noon' });
    await writeFile(lock, other);
    await expect(openDatabase(folder)).rejects.toThrow(
      `${folder} is in use by process 7 on box, since noon`,
    );
    await first.close();
    expect(await readFile(lock, 'utf8')).toBe(other);
    await (await openDatabase(folder)).close();
  });

  test.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
    'whose disk is full says so, and has all that was promised when there is room again',
    async (context) => {
      const folder = await emptyPlace('embedded');
      const mount = await execa('mount', ['-t', 'tmpfs', '-o', 'size=70m', 'tmpfs', folder], {
        reject: false,
      });
      if (mount.failed) context.skip('no right to mount');
      onTestFinished(async () => {
        await execa('umount', [folder]);
      });
      const database = await openDatabase(folder);
      const { rows, error, insert } = await filled(database);
      expect(error).toBeInstanceOf(DatabaseAway);
      expect((error as Error).message).toMatch(/No space left on device$/);
      // What it has in memory is not what is on the disk: nothing is read of it.
      await expect(database.query('SELECT 1')).rejects.toThrow(DatabaseAway);
      await expect(database.transaction((query) => query('SELECT 1'))).rejects.toThrow(
        DatabaseAway,
      );
      await execa('mount', ['-o', 'remount,size=300m', folder]);
      const count = () => database.query('SELECT count(*) AS rows FROM layer_facts');
      await expect
        .poll(() => count().catch(() => []), { timeout: 120_000, interval: 500 })
        .toEqual([{ rows }]);
      await insert(rows);
      await database.close();
      const again = await openDatabase(folder);
      expect(await again.query('SELECT count(*) AS rows FROM layer_facts')).toEqual([
        { rows: rows + 1 },
      ]);
      await again.close();
    },
  );
});
