// How many badges a second one process answers, beside a fastify that answers a constant: numbers, never a failure.
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { plugins } from '../bundle/plugins.mjs';

const ROOT = join(import.meta.dirname, '../..');
const [ROUNDS, SECONDS, CONNECTIONS, PIPELINED] = [15, 0.7, 16, 8];

export async function badges() {
  const dir = mkdtempSync(join(tmpdir(), 'scoville-bench-badges-'));
  let server;
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
    const file = join(dir, 'subject.mjs');
    await build({
      entryPoints: ['scripts/bench/badges-subject.ts'],
      outfile: file,
      bundle: true,
      plugins,
      platform: 'node',
      format: 'esm',
      jsx: 'automatic',
      absWorkingDir: ROOT,
      packages: 'external',
      logLevel: 'error',
    });
    server = fork(file, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    const told = () => new Promise((done) => server.once('message', done));
    const ports = await told();
    /** Answers a second, and a second of the server's processor: what else the machine does counts little there. */
    const measured = async (port, path, seconds) => {
      const used = async () => {
        server.send('used');
        const { user, system } = await told();
        return (user + system) / 1e6;
      };
      const before = await used();
      const rate = await answers(port, path, seconds);
      const cpu = (await used()) - before;
      return { rate, perCpu: (rate * seconds) / cpu };
    };
    const path = '/badge/registry.example.com/team/app:1/overall.svg';
    await measured(ports.constant, '/badge/constant.svg', 1);
    await measured(ports.service, path, 1);
    const ratios = { rate: [], perCpu: [] };
    for (let round = 0; round < ROUNDS; round++) {
      const constant = await measured(ports.constant, '/badge/constant.svg', SECONDS);
      const badge = await measured(ports.service, path, SECONDS);
      for (const name of ['rate', 'perCpu']) ratios[name].push(badge[name] / constant[name]);
      console.log(`constant ${Math.round(constant.rate)}/s, badge ${Math.round(badge.rate)}/s`);
    }
    const median = (list) => list.sort((a, b) => a - b)[ROUNDS >> 1].toFixed(2);
    console.log(
      `median ratio ${median(ratios.rate)} by time, ${median(ratios.perCpu)} by processor time`,
    );
  } finally {
    server?.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Answers a second. Each connection sends some requests at once, so that the server is what limits. */
async function answers(port, path, seconds) {
  const request = `GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`;
  let count = 0;
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request.repeat(PIPELINED)));
    let rest = '';
    socket.on('data', (chunk) => {
      const parts = (rest + chunk.toString('latin1')).split('HTTP/1.1 200 OK\r\n');
      // The last characters may be the beginning of the next status line.
      rest = parts.at(-1).slice(-16);
      const found = parts.length - 1;
      if (/^HTTP\/1\.1 (?!200)/m.test(parts.at(-1))) throw new Error(`no badge: ${parts.at(-1)}`);
      count += found;
      if (found > 0) socket.write(request.repeat(found));
    });
    return socket;
  });
  const started = performance.now();
  await new Promise((done) => setTimeout(done, seconds * 1000));
  const counted = count / ((performance.now() - started) / 1000);
  for (const socket of sockets) socket.destroy();
  return counted;
}
