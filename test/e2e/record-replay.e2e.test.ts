import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BuildAuthority } from '../../src/reproduce/build-authority.ts';
import { bases, bridgeAddress, CLI, discard, output, OWN, own, registry, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const TAG = own('scoville-record-replay:1');
const SYSTEM_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const folder = folderHere('record');
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
  gateway = await bridgeAddress();
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
      `RUN node -e "require('net').connect('${plain}'.split(':')[2], '${gateway}').on('error', () => 0).on('connect', process.exit)"`,
      'RUN ["true"]',
      `FROM ${bases.busybox} AS quiet`,
      'RUN ls /sys/class/net | tr "\\n" " " | sed "s/^/networks: /" >&2; echo >&2; echo quiet > /quiet',
      `FROM ${bases.busybox}`,
      'COPY --from=fetching /1 /2 /3 /4 /app/',
      'COPY --from=fetching /app /app',
      'COPY --from=quiet /quiet /',
      'RUN echo last > /last',
      '',
    ].join('\n'),
  );
  writeFileSync(join(folder, '.dockerignore'), '*\n');
});

afterAll(() => {
  for (const close of closers) close();
});

const build = (...args: string[]): string[] => buildOf(folder, ...args);

const buildOf = (context: string, ...args: string[]): string[] => [
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
  context,
];
const digest = (): string => readFileSync(join(folder, 'iid'), 'utf8');

/**
 * Docker's bridge, seen twice under load: no packet of a RUN came through any more, from the moment
 * when another RUN ended. A proxy that has stopped refuses at once, and one that hangs is connected
 * to: neither is taken for it.
 */
function isCutOff(stderr: string): boolean {
  return (
    /^#\d+ [\d.]+ Get:\d/m.test(stderr) &&
    stderr.includes(`Unable to connect to ${gateway}:`) &&
    !stderr.includes('Connection refused')
  );
}

function notComplete(stderr: string): readonly string[] {
  return [...stderr.matchAll(/the recording is not complete: (.*)/g)].map(([, text = '']) => text);
}

test('apt, npm and curl, recorded and replayed when the servers are gone: the same digest', async () => {
  const tried = await scoville.run(build('--record'), { env });
  const first = isCutOff(tried.stderr) ? await scoville.run(build('--record'), { env }) : tried;
  expect(first.exitCode, first.stderr).toBe(0);
  // What went past the proxy is named, and what nobody can tell of.
  expect(notComplete(first.stderr)).toEqual([
    'Dockerfile:9 sent 1 TCP connection past the proxy',
    'Dockerfile:10 may have reached something past the proxy: its connections cannot be counted',
  ]);
  expect(first.stderr).not.toMatch(/scoville-hermetic-seen|trap '/);
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
  expect(inspected).toContain('RUN /bin/sh -c echo last > /last');
  expect(inspected).not.toMatch(/scoville-hermetic|SSL_CERT_FILE|_proxy/i);

  for (const close of closers.splice(0)) close();
  const trace = join(folder, 'trace');
  const { exitCode, stderr } = await run(
    'strace',
    [
      ...['-f', '-qq', '-e', 'trace=connect,sendto,sendmsg,bind', '-o', trace],
      ...[process.execPath, CLI, ...build('--replay')],
    ],
    { env: { ...env, SCOVILLE_HOME: scoville.home } },
  );
  expect(exitCode, stderr).toBe(0);
  expect(digest()).toBe(recorded);
  // No socket but the engine's, which is a file, and the proxy's own.
  const sockets = readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /AF_INET|AF_PACKET/.test(line));
  expect(sockets).toHaveLength(1);
  expect(sockets[0]).toContain(`inet_addr("${gateway}")`);
  expect(sockets[0]).toContain(' bind(');
  // A stage that fetched nothing has no network.
  expect(stderr).toMatch(/networks: lo *$/m);
  expect(stderr).not.toContain('from=scoville-hermetic');
  expect(readFileSync(join(folder, 'scoville.lock'), 'utf8')).toBe(lock);

  // What the lock does not have ends the build, with its place; nothing comes from elsewhere.
  const dockerfile = join(folder, 'Dockerfile');
  // Past the proxy there is somebody again, at a port that is somebody else's by now.
  const there = createServer();
  await new Promise<void>((done) => there.listen(0, gateway, done));
  closers.push(() => there.close());
  const before = readFileSync(dockerfile, 'utf8');
  const gone = /connect\('(\S+:\d+)'/.exec(before)?.[1] ?? '';
  const now = `http://${gateway}:${(there.address() as AddressInfo).port}`;
  const text = before.replace(`connect('${gone}'`, `connect('${now}'`);
  const missing = 'curl -sS https://registry.npmjs.org/left-pad';
  writeFileSync(
    dockerfile,
    // By BuildKit's clock a step ends early on a busy machine; the next one must not be taken for it.
    text.replace('RUN ! getent', `RUN ${missing}; sleep 1; ! getent`),
  );
  const failed = await scoville.expect(2, build('--locked'), { env });
  expect(failed.stderr).toContain(
    'Dockerfile:8: GET https://registry.npmjs.org/left-pad is not in the lock',
  );
  expect(failed.stderr).toContain('\n  Dockerfile:9 sent 1 TCP connection past the proxy\n');
});

test('a RUN that the base image brings is named as it is recorded, and ends a replay', async () => {
  const base = `${registry}/e2e/record-onbuild:${OWN}`;
  const context = join(folder, 'onbuild');
  mkdirSync(context);
  const dockerfile = join(context, 'Dockerfile');
  writeFileSync(dockerfile, `FROM ${bases.busybox}\nONBUILD RUN cat /etc/resolv.conf > /own\n`);
  await output('docker', ['buildx', 'build', '-q', '--push', '-t', base, context]);
  writeFileSync(dockerfile, `FROM ${base} AS made\nWORKDIR /w\nRUN ! cmp /own /etc/resolv.conf\n`);
  const why =
    'Dockerfile:1 builds on an image with ONBUILD RUN, which has a network of its own that is neither recorded nor cut';
  const recorded = await scoville.expect(0, buildOf(context, '--record'));
  expect(notComplete(recorded.stderr)).toEqual([why]);
  const lock = readFileSync(join(context, 'scoville.lock'), 'utf8');
  expect(lock).toContain(`incomplete:\n  made:\n    - ${why}`);
  const replayed = await scoville.expect(2, buildOf(context, '--replay'));
  expect(replayed.stderr).toContain(`scoville.lock\n  ${why}\n`);
  discard([base]);
});

test('a replay that an edit left behind prints the command that records again', async () => {
  const address = await serve(false, new BuildAuthority());
  const context = join(folder, 'edited');
  mkdirSync(context);
  const dockerfile = join(context, 'Dockerfile');
  writeFileSync(dockerfile, `FROM ${bases.busybox}\nRUN echo 1 > /one\n`);
  await scoville.expect(0, buildOf(context, '--record'));
  appendFileSync(dockerfile, `RUN wget -q -O /two ${address}/two\n`);
  const left = await scoville.expect(1, buildOf(context, '--replay', '--locked'));
  const [, again = ''] = /record it again: scoville (build --record .*)$/m.exec(left.stderr) ?? [];
  expect(again).not.toMatch(/--locked|--replay/);
  await scoville.expect(0, again.split(' '));
  await scoville.expect(0, buildOf(context, '--replay', '--locked'));
});
