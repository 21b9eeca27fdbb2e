import { chown, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import pg from 'pg';

/** A PostgreSQL of its own, in a temporary folder, on a free port. */
export interface Postgres {
  /** The address of a new, empty database. */
  database(): Promise<string>;
  start(): Promise<void>;
  /** Of the disk that it was started with. */
  resize(size: string): Promise<void>;
  stop(how?: 'fast' | 'immediate'): Promise<void>;
  /** To the server and each of its processes. */
  signal(name: 'SIGSTOP' | 'SIGCONT'): Promise<void>;
  remove(): Promise<void>;
}

async function programs(): Promise<string> {
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error('no PostgreSQL: run scripts/engine.sh test-tools');
  return `/usr/lib/postgresql/${newest}/bin`;
}

function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer().once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        done(typeof address === 'object' ? (address?.port ?? 0) : 0);
      });
    });
  });
}

/** @param disk the size of a disk of its own, as mount takes it; for root alone */
export async function startPostgres({ disk }: { disk?: string } = {}): Promise<Postgres> {
  const bin = await programs();
  const folder = await mkdtemp(join(tmpdir(), 'scoville-pg-'));
  const data = join(folder, 'data');
  const resize = (size: string, ...more: string[]) =>
    execa('mount', ['-t', 'tmpfs', '-o', [...more, `size=${size}`].join(), 'tmpfs', folder]);
  if (disk !== undefined) await resize(disk);
  // PostgreSQL does not run as root.
  const isRoot = process.getuid?.() === 0;
  const as = isRoot ? ['runuser', '-u', 'postgres', '--'] : [];
  if (isRoot) {
    const { stdout } = await execa('id', ['-u', 'postgres']);
    await chown(folder, Number(stdout), -1);
  }
  const run = async (...words: string[]): Promise<void> => {
    const [program = '', ...args] = [...as, ...words];
    await execa(program, args, { cwd: folder, stdio: 'ignore' });
  };
  const port = await freePort();
  const server = [`-c port=${port}`, '-c listen_addresses=127.0.0.1', `-k ${folder}`];
  const small = disk === undefined ? [] : ['-c max_wal_size=32MB', '-c min_wal_size=32MB'];
  const settings = [...server, ...small, '-c fsync=off', '-c max_connections=200'].join(' ');
  const url = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
  const ctl = (...words: string[]) => run(join(bin, 'pg_ctl'), '-D', data, '-w', ...words);
  const start = () => ctl('-l', join(folder, 'log'), '-o', settings, 'start');
  await run(join(bin, 'initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8');
  await start();
  let made = 0;
  return {
    start,
    resize: async (size) => {
      await resize(size, 'remount');
    },
    stop: (how = 'fast') => ctl('-m', how, 'stop'),
    signal: async (name) => {
      const [pid = ''] = (await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n');
      const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
      for (const one of [pid, ...children.trim().split(' ')]) process.kill(Number(one), name);
    },
    database: async () => {
      const name = `test_${(made += 1)}`;
      const client = new pg.Client(url('postgres'));
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`).finally(() => client.end());
      return url(name);
    },
    remove: async () => {
      await ctl('-m', 'immediate', 'stop').catch(() => undefined);
      if (disk !== undefined) await execa('umount', [folder]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
