import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FakeRegistry } from '../fakes/fake-registry.ts';
import { bases, discard, own, registry } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/** A clone in which whatever could start a program, or lend a password, does. */
const person = scovilleHere();
const stranger = new FakeRegistry({ auth: 'basic', username: 'them', password: 'theirs' });
const agent = createServer();
const folder = folderHere('plants');
const clone = join(folder, 'clone');
const ran = join(folder, 'ran');
const PROGRAMS = [
  ...'docker docker-buildx buildx buildctl git cosign notation syft trivy'.split(' '),
  ...['grype', 'osv-scanner', 'oras', 'crane', 'node', 'npm', 'sh', 'bash', 'tar', 'gpg', 'shfmt'],
  ...['docker-credential-evil', 'docker-credential-desktop', 'docker-credential-pass', 'ssh'],
];

function plant(path: string, text: string, isProgram = false): void {
  const file = join(clone, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  if (isProgram) chmodSync(file, 0o755);
}

beforeAll(async () => {
  await stranger.listen();
  await new Promise<void>((done) => agent.listen(join(folder, 'agent'), done));
  const program = `#!/bin/sh\necho "$0 $*" >> ${ran}\n`;
  for (const where of ['.', 'bin', 'node_modules/.bin', '.docker/cli-plugins', '.git/hooks'])
    for (const name of PROGRAMS) plant(join(where, name), program, true);
  for (const hook of ['post-checkout', 'fsmonitor-watchman', 'post-index-change'])
    plant(`.git/hooks/${hook}`, program, true);
  plant('.git/HEAD', 'ref: refs/heads/main\n');
  plant('.git/config', `[core]\n\tfsmonitor = ${clone}/git\n\tsshCommand = ${clone}/ssh\n`);
  const auth = Buffer.from('them:theirs').toString('base64');
  const config = JSON.stringify({
    auths: { [stranger.host]: { auth } },
    credsStore: 'evil',
    credHelpers: { [stranger.host]: 'evil', [registry]: 'evil' },
    cliPluginsExtraDirs: [clone],
    currentContext: 'theirs',
    proxies: { default: { httpProxy: `http://${stranger.host}` } },
  });
  for (const path of ['config.json', '.docker/config.json', '.dockercfg', 'conf/config.json'])
    plant(path, config);
  plant('.scoville.yaml', `registries: { "${stranger.host}": { plainHttp: true } }\n`);
  plant(
    '.env',
    `DOCKER_CONFIG=${clone}/.docker\nDOCKER_HOST=tcp://${stranger.host}\nPATH=${clone}\n`,
  );
  plant('.envrc', `export DOCKER_CONFIG=${clone}/.docker\n`);
  plant('.npmrc', `script-shell=${clone}/sh\nnode-options=--require ${clone}/evil.js\n`);
  plant('evil.js', `require('fs').appendFileSync(${JSON.stringify(ran)}, 'evil.js')`);
  plant('package.json', '{"name":"x","version":"1.0.0","scripts":{"prepare":"./sh"}}');
  for (const name of ['cosign.yaml', 'trivy.yaml', '.grype.yaml', '.syft.yaml', 'buildkitd.toml'])
    plant(name, 'check: { command: ./sh }\n');
  plant('Dockerfile', `FROM ${bases.busybox}\nCOPY package.json /package.json\n`);
  plant('docker-bake.hcl', `target "default" { tags = ["${own('hostile-plants:bake')}"] }\n`);
  plant('secret.hcl', 'target "default" { secret = ["id=key,src=../key"] }\n');
  plant('agent.hcl', 'target "default" { ssh = ["default"] }\n');
  plant('out.hcl', 'target "default" { output = ["type=local,dest=../ran"] }\n');
  plant('cache.hcl', 'target "default" { cache-to = ["type=local,dest=../ran"] }\n');
  plant('context.hcl', 'target "default" { context = ".." }\n');
  plant('compose.yaml', 'include: [../other.yaml]\nservices: { a: { build: . } }\n');
  plant(
    'x-bake.yaml',
    'services: { a: { build: { context: ., x-bake: { output: "type=local,dest=../ran" } } } }\n',
  );
  plant(
    'compose-secret.yaml',
    'services: { a: { build: { context: ., secrets: [k] } } }\nsecrets: { k: { file: ../key } }\n',
  );
  writeFileSync(join(folder, 'key'), 'the key of the person');
  writeFileSync(join(folder, 'other.yaml'), `services: { b: { build: { context: .. } } }\n`);
});
afterEach(() => {
  expect(existsSync(ran)).toBe(false);
});
afterAll(async () => {
  await stranger.close();
  agent.close();
  discard([own('hostile-plants:bake')]);
});

const PATH = ['.', '', './bin', clone, join(clone, 'bin'), join(clone, 'node_modules/.bin')];

function inClone(args: readonly string[]) {
  const path = [...PATH, process.env['PATH'] ?? ''].join(':');
  return person.run(args, {
    cwd: clone,
    env: { PATH: path, SSH_AUTH_SOCK: join(folder, 'agent') },
  });
}

describe('in a clone full of programs, nothing of it runs and no password is lent', () => {
  test.each<[string, readonly string[], number]>([
    ['build', ['build', '-q', '--scanner', 'none', '-t', own('hostile-plants:1'), '.'], 0],
    ['lint', ['lint', '.'], 1],
    ['fix', ['fix', '--dry-run', '.'], 1],
    ['doctor', ['doctor'], 0],
    ['grade an image of Docker', ['grade', '-q', '--scanner', 'none', bases.busybox], 0],
    ['bake', ['bake', '--scanner', 'none', '-f', 'docker-bake.hcl'], 0],
  ])(
    '%s',
    async (_, args, exitCode) => {
      const ended = await inClone(args);
      expect([ended.exitCode, ended.stdout, ended.stderr]).toEqual([
        exitCode,
        ended.stdout,
        ended.stderr,
      ]);
    },
    120_000,
  );

  test.each(['grade', 'verify'])('%s of an image in a registry of theirs', async (command) => {
    const image = `registry:${stranger.host}/app:1`;
    const ended = await inClone([command, '--plain-http', stranger.host, image]);
    expect(ended.exitCode).toBe(2);
    expect(stranger.requests.length).toBeGreaterThan(0);
    for (const { authorization } of stranger.requests) expect(authorization).toBeUndefined();
  });

  test.each([
    ['secret.hcl', '--allow=fs.read=../key'],
    ['agent.hcl', '--allow=ssh'],
    ['out.hcl', '--allow=fs.write='],
    ['cache.hcl', '--allow=fs.write=../ran'],
    ['context.hcl', '--allow=fs.read=..'],
    ['x-bake.yaml', '--allow=fs.write='],
    ['compose-secret.yaml', '--allow=fs.read='],
    ['compose.yaml', '--allow=fs.read='],
  ])('bake asks before %s gets what is not the clone’s', async (file, grant) => {
    const { exitCode, stderr } = await inClone(['bake', '-f', file]);
    expect(stderr).toContain(grant);
    expect(exitCode).toBe(1);
  });

  test('bake takes no definition from an address', async () => {
    const { exitCode, stderr } = await inClone(['bake', `http://${stranger.host}/x.git`]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('not built here')]);
    expect(stranger.calls.filter((call) => call.includes('x.git'))).toEqual([]);
  });
});
