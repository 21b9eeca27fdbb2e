import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Registries } from '../../src/build/registries.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { Servers } from '../fakes/company.ts';
import { run } from './harness.ts';
import { folderHere } from './workplace.ts';

// What of Docker's configuration reaches a registry, by Docker's own client and by ours: the
// stand-in below asks for a token, and notes what its token server is shown.
const servers = new Servers();
const folder = folderHere('credentials');
let registry = '';
let shown: string[] = [];

/** Name and password by either form of the request, an identity token, a registry's own token. */
function credentialIn({ headers, url = '' }: IncomingMessage, body: string): string | undefined {
  const [scheme = '', value = ''] = (headers.authorization ?? '').split(' ');
  if (scheme === 'Basic') return `basic ${Buffer.from(value, 'base64').toString()}`;
  if (scheme === 'Bearer') return value === 'issued' ? undefined : `registry token ${value}`;
  const form = new URLSearchParams(body);
  if (form.has('refresh_token')) return `identity token ${form.get('refresh_token') ?? ''}`;
  if (form.has('username'))
    return `basic ${form.get('username') ?? ''}:${form.get('password') ?? ''}`;
  return url.startsWith('/token') ? 'nobody' : undefined;
}

beforeAll(async () => {
  const server = createServer((asked, response) => {
    const parts: Buffer[] = [];
    asked.on('data', (part: Buffer) => parts.push(part));
    asked.on('end', () => {
      const credential = credentialIn(asked, Buffer.concat(parts).toString());
      if (credential !== undefined) shown.push(credential);
      if (asked.url?.startsWith('/token') === true)
        response.end(JSON.stringify({ token: 'issued', access_token: 'issued' }));
      else
        response
          .writeHead(asked.headers.authorization === undefined ? 401 : 404, {
            'www-authenticate': `Bearer realm="http://${registry}/token",service="s"`,
          })
          .end();
    });
  });
  registry = `localhost:${await servers.listen(server)}`;
  mkdirSync(join(folder, 'bin'));
  for (const [name, script] of Object.entries(HELPERS)) {
    const path = join(folder, 'bin', `docker-credential-${name}`);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  }
});
afterAll(async () => {
  await servers.close();
});

const answers = (username: string, secret: string): string =>
  `server=$(cat); printf '{"ServerURL":"%s","Username":"${username}","Secret":"${secret}"}\\n' "$server"`;

/** As these helpers answer. */
const HELPERS: Readonly<Record<string, string>> = {
  'ecr-login': answers('AWS', 'eyJwYXlsb2FkIjoiZWNy'),
  gcloud: answers('_dcgcloud_token', 'ya29.gcloud'),
  gcr: answers('_dcgcr_2_1_0_token', 'ya29.gcr'),
  'acr-env': answers('<token>', 'acr-refresh'),
  pass: answers('me', 'of-pass'),
  desktop: answers('me', 'of-desktop'),
  glab: answers('oauth2', 'glpat-of-gitlab'),
  nothing: 'echo "credentials not found in native keychain"; exit 1',
  'other-words': 'echo "credentials not found"; exit 1',
  fails: 'echo "gpg: decryption failed: hunter2"; exit 1',
  garbage: 'echo "hello hunter2"',
  empty: `printf '{}'`,
  nameless: `printf '{"Secret":"of-nobody"}'`,
  'lower-case': `printf '{"username":"me","secret":"small"}'`,
  behind: `printf '{"Username":"me","Secret":"first"}\\na newer version is there\\n'`,
  number: `printf '{"Username":"me","Secret":7}'`,
  swapped: `read -r server; [ "$server" = "$(printf %s "$server")" ] && ${answers('me', 'read')}`,
};
const auth = (text: string): { auth: string } => ({ auth: Buffer.from(text).toString('base64') });

test.each<[string, (host: string) => object]>([
  ...Object.keys(HELPERS).map((name): [string, (host: string) => object] => [
    `the helper ${name}`,
    (host) => ({ credHelpers: { [host]: name } }),
  ]),
  ['a store', () => ({ credsStore: 'pass' })],
  ['a store that is missing', () => ({ credsStore: 'secretservice-gone' })],
  ['a helper before a store', (host) => ({ credHelpers: { [host]: 'gcr' }, credsStore: 'pass' })],
  ['a helper of another host', () => ({ credHelpers: { 'gcr.io': 'gcr' }, credsStore: 'pass' })],
  ['a helper before a file', (host) => ({ credsStore: 'pass', auths: { [host]: auth('f:ile') } })],
  [
    'a store that has nothing, before a file',
    (host) => ({ credsStore: 'nothing', auths: { [host]: auth('f:ile') } }),
  ],
  [
    'an empty helper: the file before the store',
    (host) => ({
      credHelpers: { [host]: '' },
      credsStore: 'pass',
      auths: { [host]: auth('f:ile') },
    }),
  ],
  [
    'a helper by an address',
    (host) => ({ credHelpers: { [`http://${host}`]: 'gcr' }, auths: { [host]: auth('f:ile') } }),
  ],
  ['a colon in the password', (host) => ({ auths: { [host]: auth('u:p:q:') } })],
  ['an old address', (host) => ({ auths: { [`http://${host}/v1/`]: auth('u:old') } })],
  ['name and password', (host) => ({ auths: { [host]: { username: 'u', password: 'p' } } })],
  ['no password', (host) => ({ auths: { [host]: auth('u:') } })],
  ['another host', () => ({ auths: { 'localhost:1': auth('u:p'), localhost: auth('u:p') } })],
  [
    'an identity token',
    (host) => ({ auths: { [host]: { ...auth('0000:'), identitytoken: 'refresh' } } }),
  ],
])('%s: the registry is shown what Docker shows it', async (name, config) => {
  const docker = join(folder, name.replace(/\W/g, '-'));
  mkdirSync(docker);
  writeFileSync(join(docker, 'config.json'), JSON.stringify(config(registry)));
  const env = environmentOf(docker);

  shown = [];
  const image = `${registry}/app:1`;
  const theirs = await run('docker', ['buildx', 'imagetools', 'inspect', image], { env });
  const expected = /error getting credentials|cannot unmarshal|invalid character/.test(
    theirs.stderr,
  )
    ? ['refused']
    : [...new Set(shown)];

  const { seen, said } = await byOurs(docker, env);
  expect([seen, said]).toEqual([expected, said]);
  expect(said).not.toMatch(/hunter2/);
});

// As BuildKit's session answers a build (session/auth/authprovider, FetchToken); imagetools does
// not read it.
test.each<[string, object]>([
  ['beside a password', { ...auth('u:p'), identitytoken: 'r' }],
  ['beside a helper', {}],
])('a registry token %s is shown to the registry alone', async (name, more) => {
  const docker = join(folder, name.replace(/\W/g, '-'));
  mkdirSync(docker);
  const auths = { [registry]: { ...more, registrytoken: 'own' } };
  const credHelpers = name === 'beside a helper' ? { [registry]: 'pass' } : {};
  writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths, credHelpers }));
  expect((await byOurs(docker, environmentOf(docker))).seen).toEqual(['registry token own']);
});

const environmentOf = (docker: string) => ({
  PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
  DOCKER_CONFIG: docker,
});

/** What the registry is shown by our client, and what came of it. */
async function byOurs(docker: string, env: Record<string, string>) {
  shown = [];
  const context = contextOf((call) => runTool({ ...call, env }), folder);
  const paths = { ...context.paths, dockerConfig: docker };
  const client = new Registries({ ...context, env, paths }, {}).client(registry);
  const said = await client
    .findManifest('app', '1')
    .then(String, (error: unknown) => String(error));
  return { seen: said.includes('docker-credential-') ? ['refused'] : [...new Set(shown)], said };
}
