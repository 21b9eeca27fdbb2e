import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { engineSocket } from '../../src/lib/engine-socket.ts';
import { written } from '../fakes/written.ts';

const folder = mkdtempSync(join(tmpdir(), 'scoville-engine-socket-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const PROGRAM = '\x7fELF';
const idOf = (name: string): string => createHash('sha256').update(name).digest('hex');
const meta = (name: string): string => `contexts/meta/${idOf(name)}/meta.json`;
const hostOf = (Host: string): string => JSON.stringify({ Endpoints: { docker: { Host } } });

test.each<{
  readonly what: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly config?: Readonly<Record<string, string>>;
  /** What `docker` on PATH is; undefined where there is none. */
  readonly docker?: string | undefined;
  readonly socket: string | undefined;
}>([
  { what: 'no settings', socket: '/var/run/docker.sock' },
  {
    what: 'the default context, by name',
    config: { 'config.json': '{"currentContext":"default"}' },
    socket: '/var/run/docker.sock',
  },
  {
    what: 'DOCKER_HOST',
    env: { DOCKER_HOST: 'unix:///run/user/7/docker.sock' },
    socket: '/run/user/7/docker.sock',
  },
  {
    what: 'DOCKER_HOST, before both ways to name a context',
    env: { DOCKER_HOST: 'unix:///x.sock', DOCKER_CONTEXT: 'far' },
    config: { 'config.json': '{"currentContext":"far"}' },
    socket: '/x.sock',
  },
  {
    what: 'a context with a socket, as of Docker Desktop',
    config: {
      'config.json': '{"currentContext":"desktop-linux"}',
      [meta('desktop-linux')]: hostOf('unix:///home/u/.docker/desktop/docker.sock'),
    },
    socket: '/home/u/.docker/desktop/docker.sock',
  },
  {
    what: 'DOCKER_CONTEXT, before the one of the configuration',
    env: { DOCKER_CONTEXT: 'near' },
    config: {
      'config.json': '{"currentContext":"far"}',
      [meta('near')]: hostOf('unix:///near.sock'),
      [meta('far')]: hostOf('unix:///far.sock'),
    },
    socket: '/near.sock',
  },
  {
    what: 'a context on another machine',
    config: {
      'config.json': '{"currentContext":"far"}',
      [meta('far')]: hostOf('ssh://far'),
    },
    socket: undefined,
  },
  {
    what: 'a context with keys',
    config: {
      'config.json': '{"currentContext":"far"}',
      [meta('far')]: hostOf('unix:///far.sock'),
      [`contexts/tls/${idOf('far')}/docker/ca.pem`]: '',
    },
    socket: undefined,
  },
  { what: 'a context that is not there', env: { DOCKER_CONTEXT: 'no' }, socket: undefined },
  {
    what: 'a context whose name is a path',
    env: { DOCKER_CONTEXT: '../../default' },
    socket: undefined,
  },
  {
    what: 'a context that is no object',
    config: { 'config.json': '{"currentContext":"odd"}', [meta('odd')]: '[]' },
    socket: undefined,
  },
  { what: 'a TCP host', env: { DOCKER_HOST: 'tcp://127.0.0.1:2375' }, socket: undefined },
  { what: 'an SSH host', env: { DOCKER_HOST: 'ssh://me@there' }, socket: undefined },
  { what: 'a host without a scheme', env: { DOCKER_HOST: '/x.sock' }, socket: undefined },
  { what: 'a relative socket', env: { DOCKER_HOST: 'unix://x.sock' }, socket: undefined },
  { what: 'a socket without a path', env: { DOCKER_HOST: 'unix://' }, socket: undefined },
  { what: 'DOCKER_HOST that is empty', env: { DOCKER_HOST: '' }, socket: undefined },
  { what: 'DOCKER_CONTEXT that is empty', env: { DOCKER_CONTEXT: '' }, socket: undefined },
  { what: 'a version of the API', env: { DOCKER_API_VERSION: '1.40' }, socket: undefined },
  { what: 'TLS', env: { DOCKER_TLS_VERIFY: '1' }, socket: undefined },
  { what: 'TLS, unverified', env: { DOCKER_TLS: '1' }, socket: undefined },
  { what: 'headers', env: { DOCKER_CUSTOM_HEADERS: 'a=b' }, socket: undefined },
  {
    what: 'headers of the configuration',
    config: { 'config.json': '{"HttpHeaders":{"x-token":"y"}}' },
    socket: undefined,
  },
  {
    what: 'no headers of the configuration',
    config: { 'config.json': '{"HttpHeaders":{}}' },
    socket: '/var/run/docker.sock',
  },
  { what: 'a broken configuration', config: { 'config.json': '{' }, socket: undefined },
  { what: 'a configuration that is no object', config: { 'config.json': '3' }, socket: undefined },
  {
    what: 'a docker that is a script, as Podman’s',
    docker: '#!/bin/sh\nexec podman "$@"\n',
    socket: undefined,
  },
  { what: 'no docker', docker: undefined, socket: undefined },
])('$what: $socket', ({ env, config = {}, socket, ...more }) => {
  const home = mkdtempSync(join(folder, 'home-'));
  const [bin, dockerConfig] = [join(home, 'bin'), join(home, '.docker')];
  mkdirSync(bin);
  const docker = 'docker' in more ? more.docker : PROGRAM;
  if (docker !== undefined) {
    writeFileSync(join(bin, 'docker'), docker);
    chmodSync(join(bin, 'docker'), 0o755);
  }
  written(dockerConfig, config);
  const search = { path: bin, cwds: [folder], home };
  expect(engineSocket({ env: env ?? {}, dockerConfig, search })).toBe(socket);
});

test('a configuration that cannot be read: docker says what is wrong with it', () => {
  const home = mkdtempSync(join(folder, 'home-'));
  const docker = join(home, 'bin/docker');
  written(home, { 'bin/docker': PROGRAM, '.docker/config.json/is': 'a folder' });
  chmodSync(docker, 0o755);
  const search = { path: join(home, 'bin'), cwds: [folder], home };
  const found = engineSocket({ env: {}, dockerConfig: join(home, '.docker'), search });
  expect(found).toBeUndefined();
});
