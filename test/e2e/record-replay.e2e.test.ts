import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BuildAuthority } from '../../src/hermetic/build-authority.ts';
import { bases, output, Scoville } from './harness.ts';

const scoville = new Scoville();
const TAG = 'scoville-record-replay:1';
const SYSTEM_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
let folder = '';
let gateway = '';
let env: Readonly<Record<string, string>> = {};
const closers: (() => void)[] = [];

/** On the bridge, where a RUN reaches it; each answer is another one. */
async function serve(secure: boolean, authority: BuildAuthority): Promise<string> {
  let count = 0;
  const listener: RequestListener = (message, response) => {
    if (message.url?.startsWith('/signed') === true)
      return void response.writeHead(302, { location: `/file?sig=s3cr3t${(count += 1)}` }).end();
    response.end(`${message.url ?? ''} ${(count += 1)}\n`);
  };
  const server = secure
    ? createTlsServer(authority.identityOf(gateway), listener)
    : createServer(listener);
  await new Promise<void>((done) => server.listen(0, gateway, done));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `${secure ? 'https' : 'http'}://${gateway}:${port}`;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-record-'));
  gateway = (
    await output('docker', [
      'network',
      'inspect',
      'bridge',
      '--format',
      '{{(index .IPAM.Config 0).Gateway}}',
    ])
  ).trim();
  const authority = new BuildAuthority();
  const bundle = join(folder, 'bundle.pem');
  writeFileSync(bundle, `${readFileSync(SYSTEM_BUNDLE, 'utf8')}\n${authority.pem}`);
  env = { SSL_CERT_FILE: bundle };
  const [plain, secure] = [await serve(false, authority), await serve(true, authority)];
  writeFileSync(
    join(folder, 'Dockerfile'),
    [
      `FROM ${bases.node} AS fetching`,
      'RUN apt-get update && apt-get install -y --no-install-recommends curl \\',
      '  && rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/*',
      `RUN curl -fsS ${plain}/one ${plain}/one ${secure}/two -o /1 -o /2 -o /3 \\`,
      `  && curl -fsSL "${secure}/signed?token=s3cr3t" -o /4`,
      'RUN npm install --prefix /app --no-audit is-number@7.0.0 && rm -rf /root/.npm',
      '# a name is not looked up',
      'RUN ! getent hosts deb.debian.org',
      `FROM ${bases.busybox} AS quiet`,
      'RUN ls /sys/class/net | tr "\\n" " " | sed "s/^/networks: /" >&2; echo >&2; echo quiet > /quiet',
      `FROM ${bases.busybox}`,
      'COPY --from=fetching /1 /2 /3 /4 /app/',
      'COPY --from=fetching /app /app',
      'COPY --from=quiet /quiet /',
      '',
    ].join('\n'),
  );
  writeFileSync(join(folder, '.dockerignore'), '*\n');
});

afterAll(async () => {
  for (const close of closers) close();
  await scoville.remove();
  rmSync(folder, { recursive: true, force: true });
});

const build = (...args: string[]): string[] => [
  'build',
  ...args,
  '--no-interactive',
  '--sign=false',
  '--grade=false',
  '--progress=plain',
  '--iidfile',
  join(folder, 'iid'),
  '-t',
  TAG,
  folder,
];
const digest = (): string => readFileSync(join(folder, 'iid'), 'utf8');

test('apt, npm and curl, recorded and replayed when the servers are gone: the same digest', async () => {
  await scoville.expect(0, build('--record'), { env });
  const recorded = digest();
  const lock = readFileSync(join(folder, 'scoville.lock'), 'utf8');
  expect(lock).toMatch(/^fetches:\n {2}fetching:\n/m);
  for (const address of [
    'http://deb.debian.org/debian/dists/trixie/InRelease',
    `https://registry.npmjs.org/is-number/-/is-number-7.0.0.tgz`,
    'signed?token=REDACTED',
    'file?sig=REDACTED',
  ])
    expect(lock).toContain(address);
  expect(lock).not.toContain('s3cr3t');
  const inspected = await output('docker', ['history', '--no-trunc', TAG]);
  expect(inspected).not.toMatch(/scoville-hermetic|SSL_CERT_FILE|_proxy/i);

  for (const close of closers.splice(0)) close();
  const { stderr } = await scoville.expect(0, build('--replay'), { env });
  expect(digest()).toBe(recorded);
  // A stage that fetched nothing has no network.
  expect(stderr).toMatch(/networks: lo *$/m);
  expect(stderr).not.toContain('from=scoville-hermetic');
  expect(readFileSync(join(folder, 'scoville.lock'), 'utf8')).toBe(lock);

  // What the lock does not have ends the build, with its place; nothing comes from elsewhere.
  const dockerfile = join(folder, 'Dockerfile');
  const text = readFileSync(dockerfile, 'utf8');
  writeFileSync(
    dockerfile,
    text.replace('RUN ! getent', 'RUN curl -sS https://registry.npmjs.org/left-pad; ! getent'),
  );
  const failed = await scoville.expect(2, build('--locked'), { env });
  expect(failed.stderr).toContain(
    'Dockerfile:8: GET https://registry.npmjs.org/left-pad is not in the lock',
  );
});
