import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { builderForOci, parseBuilder, parseBuilderNames } from '../../src/build/buildx.ts';
import {
  dockerInfo,
  dockerLoad,
  engineError,
  inspectLocalImages,
  loadFailure,
} from '../../src/build/docker.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/docker/26.1.5/${name}`, import.meta.url), 'utf8');

describe('dockerInfo', () => {
  const info = (result: { stdout?: string; stderr?: string }) =>
    dockerInfo(fakeRun([{ command: 'docker', args: ['info'], result }]).run);

  test('of an engine with the containerd store', async () => {
    expect(await info({ stdout: recorded('info.json') })).toEqual({
      serverVersion: '26.1.5+dfsg1',
      containerdStore: true,
      os: 'linux',
      architecture: 'amd64',
    });
  });

  test('with the plugins that docker starts: buildx, and our own', async () => {
    const plugins = [
      { Name: 'broken', Err: 'no metadata' },
      {
        Name: 'scoville',
        Path: '/usr/libexec/docker/cli-plugins/docker-scoville',
        Version: '1.0.0',
      },
      { Name: 'buildx', Path: '/usr/libexec/docker/cli-plugins/docker-buildx', Version: 'v0.29.1' },
    ];
    const stdout = JSON.stringify({ ServerVersion: '28.5.1', plugins });
    expect(await info({ stdout })).toMatchObject({
      buildx: { path: '/usr/libexec/docker/cli-plugins/docker-buildx', version: 'v0.29.1' },
      scoville: { path: '/usr/libexec/docker/cli-plugins/docker-scoville', version: '1.0.0' },
    });
  });

  test('an empty answer that ends with 0 is no engine', async () => {
    const stdout = '{"ServerVersion":"","DriverStatus":null,"OSType":"","Architecture":""}';
    const stderr =
      'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?';
    await expect(info({ stdout, stderr })).rejects.toMatchObject({
      message: 'cannot connect to Docker at unix:///x',
      nextStep: 'start Docker: sudo systemctl start docker, or Docker Desktop',
    });
  });

  test.each([
    'Cannot connect to the Docker daemon at tcp://127.0.0.1:1. Is the docker daemon running?',
    'failed to connect to the docker API at tcp://127.0.0.1:1; check if the daemon is running: connection refused',
  ])('a wrong address is named: %s', (said) => {
    expect(engineError(said)).toMatchObject({
      message: 'cannot connect to Docker at tcp://127.0.0.1:1',
      nextStep:
        'check that it listens there; the address is of DOCKER_HOST or the context (docker context ls)',
    });
  });

  test('a context that is not there is told as such, and not as an engine that is down', () => {
    const said =
      'Failed to initialize: unable to resolve docker endpoint: context "x": context not found: open /root/.docker/contexts/meta/9e/meta.json: no such file or directory\n';
    expect(engineError(said)).toMatchObject({
      message:
        'Failed to initialize: unable to resolve docker endpoint: context "x": context not found',
      nextStep: 'docker context ls',
    });
  });
});

describe('inspectLocalImages', () => {
  const lookup = (refs: readonly string[], stdout: string, stderr = '') =>
    inspectLocalImages(
      fakeRun([
        {
          command: 'docker',
          args: ['image', 'inspect'],
          result: { stdout, stderr, exitCode: stderr === '' ? 0 : 1 },
        },
      ]).run,
      refs,
    );

  test('one call for all; what is missing is undefined, in its place', async () => {
    const found = await lookup(
      ['localhost:5000/base/busybox:1', 'nope:1', 'localhost:5000/base/node-distroless:22'],
      recorded('image-inspect.jsonl'),
      recorded('image-inspect.err'),
    );
    expect(found.map((image) => image?.repoTags)).toEqual([
      ['localhost:5000/base/busybox:1'],
      undefined,
      ['localhost:5000/base/node-distroless:22'],
    ]);
    expect(found[0]).toMatchObject({ architecture: 'amd64' });
    expect(found[0]?.layers).toHaveLength(1);
  });
});

describe('dockerLoad', () => {
  const load = (result: { exitCode?: number; stdout?: string; stderr?: string }) =>
    dockerLoad(fakeRun([{ command: 'docker', args: ['load'], result }]).run, nothing());

  test('a blob that the engine lacks is told apart', async () => {
    const answer = await load({ exitCode: 1, stderr: recorded('load-missing.err') });
    expect(answer).toMatchObject({ ok: false, error: { isMissing: true } });
  });

  test.each([
    'write /var/lib/docker/x: no space left on device',
    'Cannot connect to the Docker daemon at unix:///x.',
    'unexpected EOF',
    '',
  ])('%j is something else', (stderr) => {
    expect(loadFailure(stderr)).toEqual({
      isMissing: false,
      message: stderr === '' ? 'docker load failed' : stderr,
    });
  });
});

describe('builders', () => {
  test('the current one, as buildx prints it', () => {
    expect(parseBuilder(recorded('buildx-inspect.txt'))).toEqual({
      name: 'default',
      driver: 'docker',
      running: true,
      nodes: 1,
      platforms: ['linux/amd64', 'linux/amd64/v2', 'linux/amd64/v3', 'linux/amd64/v4'],
    });
    expect(parseBuilderNames(recorded('buildx-ls.txt'))).toEqual([
      { name: 'default', driver: 'docker' },
    ]);
  });

  const old = { serverVersion: '26', containerdStore: false, os: 'linux', architecture: 'amd64' };
  const list =
    'NAME/NODE  DRIVER/ENDPOINT\nmine       docker-container\n \\_ mine0   \\_ unix:///x\ndefault*   docker\n';
  const engine = (ls: string) =>
    fakeRun([
      {
        command: 'docker',
        args: ['buildx', 'inspect'],
        result: { stdout: recorded('buildx-inspect.txt') },
      },
      { command: 'docker', args: ['buildx', 'ls'], result: { stdout: ls } },
    ]).run;

  test('with the old store another builder is used where there is one', async () => {
    expect(await builderForOci(engine(list), old)).toBe('mine');
  });

  test('a builder elsewhere that nobody chose is not sent the context', async () => {
    const remote = 'NAME/NODE DRIVER/ENDPOINT STATUS\ntheirs remote\n';
    await expect(builderForOci(engine(remote), old)).rejects.toThrow('cannot export OCI layouts');
  });
});

async function* nothing(): AsyncGenerator<Uint8Array> {
  // An empty stream.
}
