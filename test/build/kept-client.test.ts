import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { beginDockerInfo, dockerInfo } from '../../src/build/docker.ts';
import { keptClient } from '../../src/build/kept-client.ts';
import type { RunTool, ToolRun } from '../../src/lib/run-tool.ts';
import { DAY_MS } from '../../src/lib/time.ts';

const root = mkdtempSync(join(tmpdir(), 'scoville-kept-client-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

let made = 0;

/** A docker, its folder with a buildx, and a cache. */
function installed(env: Record<string, string> = {}) {
  const home = join(root, String((made += 1)));
  const plugin = join(home, 'docker/cli-plugins/docker-buildx');
  mkdirSync(join(home, 'bin'), { recursive: true });
  mkdirSync(join(plugin, '..'), { recursive: true });
  for (const file of [plugin, join(home, 'bin/docker')]) {
    writeFileSync(file, 'a program');
    chmodSync(file, 0o755);
  }
  const search = { path: join(home, 'bin'), cwds: [root], home: root };
  const paths = { cache: join(home, 'cache'), dockerConfig: join(home, 'docker') };
  const clock = { now: Date.UTC(2026, 0, 1) };
  const of = (more: Record<string, string> = {}) =>
    keptClient({ env: { ...env, ...more }, search, paths, now: () => clock.now });
  return { home, plugin, clock, of, client: { buildx: { path: plugin, version: 'v0.29.1' } } };
}

describe('what docker said of itself', () => {
  test('is kept', async () => {
    const { of, client } = installed();
    expect(await of().get()).toBeUndefined();
    await of().set(client);
    expect(await of().get()).toEqual(client);
  });

  test.each<[string, (one: ReturnType<typeof installed>) => void]>([
    [
      'a buildx that is another',
      ({ plugin }) => {
        utimesSync(plugin, 1, 1);
      },
    ],
    [
      'a buildx that is gone',
      ({ plugin }) => {
        rmSync(plugin);
      },
    ],
    [
      'another docker',
      ({ home }) => {
        utimesSync(join(home, 'bin/docker'), 1, 1);
      },
    ],
    [
      'settings',
      ({ home }) => {
        writeFileSync(join(home, 'docker/config.json'), '{}');
      },
    ],
    [
      'a plugin of ours',
      ({ plugin }) => {
        writeFileSync(join(plugin, '../docker-scoville'), '');
      },
    ],
    ['a day', ({ clock }) => (clock.now += DAY_MS)],
    ['a clock that was set back', ({ clock }) => (clock.now -= 1)],
  ])('is asked again after %s', async (_, change) => {
    const one = installed();
    await one.of().set(one.client);
    change(one);
    expect(await one.of().get()).toBeUndefined();
  });

  test.each(['DOCKER_HOST', 'DOCKER_CONTEXT'])('is asked again with another %s', async (name) => {
    const { of, client } = installed();
    await of().set(client);
    expect(await of({ [name]: 'other' }).get()).toBeUndefined();
  });

  test('is not kept where plugins lie elsewhere, since one may be added there', async () => {
    const { of } = installed();
    await of().set({ buildx: { path: '/opt/docker-buildx', version: 'v1' } });
    expect(await of().get()).toBeUndefined();
  });
});

const INFO = {
  ServerVersion: '28.5.1',
  DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
  OSType: 'linux',
  Architecture: 'aarch64',
  SecurityOptions: ['name=apparmor'],
};

test.each([
  ['its engine alone', 200, 0],
  ['docker too, where the engine does not say', 503, 1],
])('the second time asks %s', async (_, status, runs) => {
  const { home, of, plugin } = installed();
  const socket = join(home, 'engine.sock');
  const server = createServer((asked, answer) => {
    answer.statusCode = asked.url === '/info' ? status : 404;
    answer.end(JSON.stringify(INFO));
  });
  await once(server.listen(socket), 'listening');
  const started: string[] = [];
  const plugins = [{ Name: 'buildx', Path: plugin, Version: 'v0.29.1' }];
  const run: RunTool = Object.assign(
    ({ args }: ToolRun) => {
      started.push(args.join(' '));
      const stdout = JSON.stringify({ ...INFO, context: 'default', plugins });
      return Promise.resolve({ ended: 'exit', exitCode: 0, stdout, stderr: '' } as const);
    },
    { engineSocket: () => socket },
  );
  const ask = async () => {
    beginDockerInfo(run, new AbortController().signal, of());
    return dockerInfo(run);
  };
  const first = await ask();
  expect(started).toHaveLength(1);
  expect(await ask()).toEqual(first);
  expect(started).toHaveLength(1 + runs);
  expect(first).toEqual({
    serverVersion: '28.5.1',
    containerdStore: true,
    os: 'linux',
    architecture: 'arm64',
    security: ['name=apparmor'],
    context: 'default',
    buildx: { path: plugin, version: 'v0.29.1' },
  });
  server.close();
});
