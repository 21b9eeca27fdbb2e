import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../src/lib/errors.ts';
import { type ServiceFlags, serviceSettings } from '../../src/service/settings.ts';

const REGISTRY = 'registries: [{ host: r.example.com }]\n';

/** Settings of a file that lies beside `files`, in a folder that is `/F` in what is said. */
async function settingsOf(
  text: string | undefined,
  flags: ServiceFlags = {},
  env: Record<string, string> = {},
  files: Record<string, string> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-settings-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries({ ...files, 'service.yaml': text ?? '' }))
    await writeFile(join(folder, name), content);
  const given = text === undefined ? {} : { settings: 'service.yaml' };
  const around = { cwd: folder, env, folder: '/home/database' };
  const settings = await serviceSettings({ ...given, ...flags }, around);
  return JSON.parse(JSON.stringify(settings).replaceAll(folder, '/F')) as unknown;
}

async function problemOf(...args: Parameters<typeof settingsOf>): Promise<string> {
  try {
    await settingsOf(...args);
  } catch (error) {
    if (error instanceof UserError)
      return error.message.replaceAll(/\/\S*?\/scoville-settings-[^/]+/g, '/F');
    throw error;
  }
  return 'nothing is wrong';
}

test('a registry is all that is needed', async () => {
  expect(await settingsOf(undefined, { registry: ['r.example.com'], workers: 2 })).toEqual({
    listen: { host: '127.0.0.1', port: 8480 },
    database: '/home/database',
    workers: 2,
    reading: 'open',
    proxies: [],
    registries: [
      {
        ...{ host: 'r.example.com', repositories: [], follow: [], plainHttp: false, also: [] },
        isPrivate: false,
      },
    ],
    webhooks: {},
    notify: [],
    trust: { images: [], keys: [], identities: [], bases: [] },
    every: { gradeSeconds: 86_400, followSeconds: 600 },
    keepSeconds: 34_560_000,
    bounds: {
      ...{ memory: 2 ** 30, seconds: 600, layerBytes: 10 * 2 ** 30, factBytes: 2 ** 31 },
    },
  });
});

test('a whole file, with secrets out of files and of the environment', async () => {
  const text = `
listen: 0.0.0.0:80
url: https://grades.example.com/
database: data
workers: 0
reading: token
registries:
  - host: Registry.example.com:5000
    repositories: ['team/*']
    follow: ['team/*:*']
    username: robot
    passwordFile: password
    plainHttp: true
    also: [Auth.example.com]
    private: true
  - host: registry-1.docker.io
    usernameEnv: HUB_USER
    passwordEnv: HUB_PASSWORD
webhooks:
  docker: { secretFile: hook }
  harbor: { secretEnv: HARBOR }
notify:
  - { url: 'https://chat.example.com/x', form: slack }
  - { url: 'https://in.example.com', secretFile: hook }
key: cosign.key
osv: https://osv.example.com
proxies: [10.0.0.0/8, '::1']
trust: { keys: [cosign.pub, 'awskms:///alias/k'] }
every: { grade: 12h, follow: 30s }
keep: 30d
bounds: { memory: 512m, seconds: 60, layerBytes: 1t, layerFacts: 100k }
`;
  const env = { HUB_USER: 'u', HUB_PASSWORD: 'p', HARBOR: 'h' };
  const files = { password: 'secret\n', hook: ' word \n' };
  expect(await settingsOf(text, {}, env, files)).toEqual({
    listen: { host: '0.0.0.0', port: 80 },
    url: 'https://grades.example.com',
    database: '/F/data',
    workers: 0,
    reading: 'token',
    proxies: ['10.0.0.0/8', '::1'],
    registries: [
      {
        host: 'registry.example.com:5000',
        repositories: ['team/*'],
        follow: ['team/*:*'],
        plainHttp: true,
        also: ['auth.example.com'],
        isPrivate: true,
        credentials: { username: 'robot', password: 'secret' },
      },
      {
        ...{ host: 'docker.io', repositories: [], follow: [], plainHttp: false, also: [] },
        ...{ isPrivate: false, credentials: { username: 'u', password: 'p' } },
      },
    ],
    webhooks: { docker: 'word', harbor: 'h' },
    notify: [
      { url: 'https://chat.example.com/x', form: 'slack' },
      { url: 'https://in.example.com', form: 'json', secret: 'word' },
    ],
    key: '/F/cosign.key',
    osv: 'https://osv.example.com',
    trust: { images: [], keys: ['/F/cosign.pub', 'awskms:///alias/k'], identities: [], bases: [] },
    every: { gradeSeconds: 43_200, followSeconds: 30 },
    keepSeconds: 2_592_000,
    bounds: { memory: 2 ** 29, seconds: 60, layerBytes: 2 ** 40, factBytes: 102_400 },
  });
});

test('flags go above the environment, and that above the file', async () => {
  const text = `${REGISTRY}database: data\nlisten: ':1'\n`;
  const env = { SCOVILLE_DATABASE: 'postgres://db/of-env' };
  const settings = (flags: ServiceFlags) => settingsOf(text, flags, env);
  expect(await settings({})).toMatchObject({
    database: 'postgres://db/of-env',
    listen: { host: '0.0.0.0', port: 1 },
  });
  expect(await settings({ database: 'own', listen: '[::1]:2' })).toMatchObject({
    database: '/F/own',
    listen: { host: '::1', port: 2 },
  });
});

test('--registry adds to the file', async () => {
  const text = `registries:\n  - { host: a.example.com, repositories: [one] }\n  - { host: b.example.com }\n`;
  const registry = ['a.example.com/two/*', 'b.example.com/x', 'C.example.com:5000/y', 'd'];
  const settings = await settingsOf(text, { registry });
  expect(settings).toMatchObject({
    registries: [
      { host: 'a.example.com', repositories: ['one', 'two/*'] },
      { host: 'b.example.com', repositories: [] },
      { host: 'c.example.com:5000', repositories: ['y'], plainHttp: false },
      { host: 'd', repositories: [], plainHttp: false },
    ],
  });
});

test.each<[text: string | undefined, flags: ServiceFlags, problem: string]>([
  [undefined, {}, 'no registry is allowed, so no image could be graded'],
  ['listen: 80\n', {}, '/F/service.yaml:1:9: listen must be text; put it in quotes, not "80"'],
  ['works: 2\n', {}, '/F/service.yaml:1:1: unknown key "works"; did you mean workers?'],
  [
    'registries:\n  - host: a b\n',
    {},
    '/F/service.yaml:2:11: registries[0].host must be a registry host with an optional port, not "a b"',
  ],
  [
    `${REGISTRY}proxies: [10.0.0.0/33]\n`,
    {},
    '/F/service.yaml:2:11: proxies[0] must be an address or a range like 10.0.0.0/8, not "10.0.0.0/33"',
  ],
  ['registries:\n  - host: a\n  - host: A\n', {}, '/F/service.yaml:3:11: a is listed twice'],
  [
    'registries:\n  - host: a\n    username: b\n',
    {},
    '/F/service.yaml:2:5: a needs both: passwordFile or passwordEnv',
  ],
  [
    'registries:\n  - host: a\n    username: b\n    passwordFile: none\n',
    {},
    "/F/service.yaml:4:19: registries[0].passwordFile: ENOENT: no such file or directory, stat '/F/none'",
  ],
  [
    `${REGISTRY}webhooks:\n  docker: { secretEnv: HOOK }\n`,
    {},
    '/F/service.yaml:3:24: webhooks.docker.secretEnv: HOOK is empty',
  ],
  [
    `${REGISTRY}webhooks: { harbor: {} }\n`,
    {},
    '/F/service.yaml:2:21: webhooks.harbor needs secretFile or secretEnv',
  ],
  [
    `${REGISTRY}every: { grade: daily }\n`,
    {},
    '/F/service.yaml:2:17: every.grade must be a time like 10m, 24h or 400d, not "daily"',
  ],
  [
    `${REGISTRY}database: postgres://u:password@db/x\nurl: ftp://x\n`,
    {},
    '/F/service.yaml:3:6: url must be an address that begins with http:// or https://, not "ftp://x"',
  ],
  [REGISTRY, { listen: 'x' }, 'invalid value "x" for --listen: use HOST:PORT'],
  [REGISTRY, { listen: 'x:65536' }, 'invalid value "x:65536" for --listen: use HOST:PORT'],
  [
    REGISTRY,
    { url: 'x' },
    'invalid value "x" for --url: use an address that begins with http:// or https://',
  ],
  [REGISTRY, { registry: ['a@b'] }, 'invalid value "a@b" for --registry: use HOST or HOST/PATTERN'],
  [
    undefined,
    { settings: 'none.yaml' },
    "/F/none.yaml:1:1: cannot be read: ENOENT: no such file or directory, stat '/F/none.yaml'",
  ],
])('%j with %j is refused', async (text, flags, problem) => {
  expect(await problemOf(text, flags)).toBe(problem);
});
