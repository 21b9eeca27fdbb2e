import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { registry, run } from './harness.ts';
import { until } from './until.ts';

/**
 * A second engine with Docker's classic store, in a network of its own so that the first one's
 * bridge and rules stay as they are.
 */
export interface ClassicEngine {
  readonly host: string;
  stop(): Promise<void>;
}

/** From the project's folder: `npm run differential` bundles this file elsewhere. */
const FORWARD = resolve('test/e2e/forward.mjs');

/**
 * Needs root and dockerd. It reaches the registry by the name that it has here, and nothing else.
 * With `containerd` it has the newer store, empty: in one with many images each removal takes
 * seconds.
 */
export async function startClassicEngine(containerd = false): Promise<ClassicEngine> {
  const dir = mkdtempSync('/var/tmp/scoville-classic-');
  const host = `unix://${join(dir, 'sock')}`;
  const config = join(dir, 'daemon.json');
  writeFileSync(config, JSON.stringify({ features: { 'containerd-snapshotter': containerd } }));
  const socket = join(dir, 'registry');
  const port = registry.split(':')[1] ?? '';
  // From that network to the socket, and from the socket to the registry.
  const inside = `node ${FORWARD} ${port} ${socket}`;
  const log = openSync(join(dir, 'log'), 'a');
  const stdio: ['ignore', number, number] = ['ignore', log, log];
  const outside = spawn(process.execPath, [FORWARD, socket, port], { stdio });
  const dockerd = `dockerd --config-file ${config} --data-root ${dir}/data --exec-root ${dir}/run --pidfile ${dir}/pid -H ${host} --iptables=false --bridge=none`;
  // The forwarder ends with the engine.
  const daemon = `ip link set lo up; ${inside} & forward=$!; trap 'kill $engine' TERM; ${dockerd} & engine=$!; wait $engine; wait $engine; kill $forward`;
  const child = spawn('unshare', ['-n', 'sh', '-c', daemon], { stdio });
  const ended = new Promise((done) => child.once('close', done));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    outside.kill();
    // What it mounted goes a moment after it.
    await run('sh', ['-c', `umount -R ${dir}/run ${dir}/data 2>/dev/null; true`]);
    rmSync(dir, { recursive: true, force: true });
  };
  const isReady = async (): Promise<boolean> => {
    const said = readFileSync(join(dir, 'log'), 'utf8');
    if (child.exitCode !== null) throw new Error(`it ended\n${said}`);
    // Both ways lead on before the first image is asked for.
    const isForwarded = [socket, port].every((end) => said.includes(`forwards ${end}\n`));
    return isForwarded && (await run('docker', ['-H', host, 'version'])).exitCode === 0;
  };
  try {
    await until('a classic engine that answers', isReady);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, stop };
}
