// What one PostgreSQL carries as a queue: jobs that do nothing, taken by one worker and by fifty processes of one worker each.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import pg from 'pg';
import { plugins } from '../bundle/plugins.mjs';
import { spread } from './timing.mjs';

const ROOT = join(import.meta.dirname, '../..');
const WORKERS = 50;
const JOBS = 40_000;
const SECONDS = 8;
const ROUNDS = 3;

/** SCOVILLE_BENCH_DATABASE names a PostgreSQL with an empty database. */
export async function serviceQueue({ quick }) {
  const place = process.env.SCOVILLE_BENCH_DATABASE;
  if (place === undefined)
    throw new Error('SCOVILLE_BENCH_DATABASE=postgres://… with an empty database');
  const dir = mkdtempSync(join(tmpdir(), 'scoville-bench-queue-'));
  const client = new pg.Client(place);
  try {
    await client.connect();
    symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
    const file = join(dir, 'subject.mjs');
    await build({
      entryPoints: ['scripts/bench/service-queue-subject.ts'],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      absWorkingDir: ROOT,
      plugins,
      packages: 'external',
      logLevel: 'error',
    });
    const subject = (...words) =>
      spawn(process.execPath, [file, place, ...words], { stdio: ['pipe', 'pipe', 'inherit'] });
    const line = (child) => new Promise((done) => child.stdout.once('data', (d) => done(`${d}`)));
    const ended = (child) => new Promise((over) => child.once('close', over));
    const left = async () =>
      Number((await client.query('SELECT count(*) FROM pgboss.job')).rows[0].count);
    const rates = { asked: [], one: [], fifty: [] };
    const measured = async (workers) => {
      const filler = subject('fill', String(JOBS));
      rates.asked.push(1 / Number(await line(filler)));
      await ended(filler);
      const all = Array.from({ length: workers }, () => subject('work'));
      await Promise.all(all.map(line));
      const written = (await client.query('SELECT pg_current_wal_lsn() AS at')).rows[0].at;
      const before = await left();
      const started = performance.now();
      for (const one of all) one.stdin.write('go\n');
      await sleep(SECONDS * 1000);
      const done = before - (await left());
      const seconds = (performance.now() - started) / 1000;
      const wal = await client.query('SELECT pg_current_wal_lsn() - $1::pg_lsn AS bytes', [
        written,
      ]);
      const ends = all.map(ended);
      for (const one of all) one.stdin.end('stop\n');
      await Promise.all(ends);
      if (done >= before) throw new Error('more jobs are needed');
      console.log(
        `${workers} workers: ${Math.round(done / seconds)} jobs/s, ${Math.round(wal.rows[0].bytes / done)} bytes of journal a job`,
      );
      return done / seconds;
    };
    for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
      rates.one.push(await measured(1));
      rates.fifty.push(await measured(WORKERS));
    }
    const shown = (list) => Math.round(spread(list).median);
    console.log(
      `asked ${shown(rates.asked)}/s; one worker ${shown(rates.one)} jobs/s, ${WORKERS} workers ${shown(rates.fifty)} jobs/s: ${(spread(rates.fifty).median / spread(rates.one).median).toFixed(1)} times as many`,
    );
  } finally {
    await client.end();
    rmSync(dir, { recursive: true, force: true });
  }
}
