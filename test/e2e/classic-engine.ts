import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { registry, run } from './harness.ts';

/** A second engine with Docker's classic store, in a network of its own so that the first one's bridge and rules stay as they are. */
export interface ClassicEngine {
  readonly host: string;
  stop(): Promise<void>;
}

/** Hands what comes to a port of that network on to a socket, which lies outside of it: the registry is reached so. */
const FORWARD = `
const net = require('node:net');
const [port, socket] = process.argv.slice(2);
net.createServer((from) => {
  const to = net.connect(socket);
  for (const end of [from, to]) end.on('error', () => { from.destroy(); to.destroy(); });
  from.pipe(to).pipe(from);
}).listen(Number(port), '127.0.0.1');`;

/** The other end: a socket that leads to the registry. */
async function registrySocket(path: string): Promise<Server> {
  const [host = '', port = ''] = registry.split(':');
  const server = createServer((from) => {
    const to = connect(Number(port), host);
    const end = (): void => {
      from.destroy();
      to.destroy();
    };
    from.on('error', end);
    to.on('error', end);
    from.pipe(to).pipe(from);
  });
  server.listen(path);
  await once(server, 'listening');
  return server;
}

/** Needs root and dockerd. It reaches the registry by the name that it has here, and nothing else. */
export async function startClassicEngine(): Promise<ClassicEngine> {
  const dir = mkdtempSync('/var/tmp/scoville-classic-');
  const host = `unix://${join(dir, 'sock')}`;
  const config = join(dir, 'daemon.json');
  writeFileSync(config, '{"features":{"containerd-snapshotter":false}}');
  writeFileSync(join(dir, 'forward.cjs'), FORWARD);
  const socket = join(dir, 'registry');
  const server = await registrySocket(socket);
  const forward = `node ${dir}/forward.cjs ${registry.split(':')[1] ?? ''} ${socket}`;
  const dockerd = `dockerd --config-file ${config} --data-root ${dir}/data --exec-root ${dir}/run --pidfile ${dir}/pid -H ${host} --iptables=false --bridge=none`;
  // The forwarder ends with the engine.
  const daemon = `ip link set lo up; ${forward} & forward=$!; trap 'kill $engine' TERM; ${dockerd} & engine=$!; wait $engine; wait $engine; kill $forward`;
  const log = openSync(join(dir, 'log'), 'w');
  const child = spawn('unshare', ['-n', 'sh', '-c', daemon], { stdio: ['ignore', log, log] });
  const ended = new Promise((done) => child.once('close', done));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    server.close();
    // What it mounted goes a moment after it.
    await run('sh', ['-c', `umount -R ${dir}/run ${dir}/data 2>/dev/null; true`]);
    rmSync(dir, { recursive: true, force: true });
  };
  for (let tries = 0; tries < 480; tries++) {
    const answered = await run('docker', ['-H', host, 'version']);
    if (answered.exitCode === 0) return { host, stop };
    if (child.exitCode !== null) break;
    await sleep(250);
  }
  await stop();
  throw new Error('the classic engine did not come up');
}
