import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Authority, companyProxy, type Identity, Servers } from '../fakes/company.ts';
import { canary } from './canary.ts';
import { bases, OWN, run } from './harness.ts';
import { type RegistryServer, serveRegistry } from './registry-server.ts';
import { folderHere, scovilleHere } from './workplace.ts';

// A company's network: the one way out is a proxy that asks for a password, and the registry behind
// it, whose name the proxy alone can resolve, asks for a client certificate of the company's own
// CA.
const HOST = 'registry.corp.test';
const IMAGE = `${HOST}/e2e/company-${OWN}:1`;
// One that has to be escaped in an address.
const PASSWORD = `p@ss:w%rd-${canary('the password of the company’s proxy')}`;

const second = process.env['SCOVILLE_SECOND_TOOLCHAIN'] ?? '';
const PATH = `${process.env['PATH'] ?? ''}:${join(second, 'bin')}`;
const hasRegistry = (await run('which', ['docker-registry'])).exitCode === 0;

describe.runIf(hasRegistry)('behind a proxy with a password, at a registry with mutual TLS', () => {
  const scoville = scovilleHere();
  const servers = new Servers();
  const company = new Authority('Company CA');
  const seen: string[] = [];
  const lines = new Set<string>();
  const folder = folderHere('company');
  let proxy = '';
  let behind: RegistryServer | undefined;
  const at = (name: string): string => join(folder, name);
  const write = (name: string, { cert, key }: Identity): void => {
    writeFileSync(at(`${name}.cert`), cert);
    writeFileSync(at(`${name}.key`), key);
  };
  const env = (more: Record<string, string | undefined> = {}) => ({
    HTTPS_PROXY: proxy,
    HTTP_PROXY: proxy,
    NO_PROXY: undefined,
    DOCKER_CONFIG: at('docker'),
    PATH,
    ...more,
  });

  beforeAll(async () => {
    const certs = at(`docker/certs.d/${HOST}`);
    mkdirSync(certs, { recursive: true });
    mkdirSync(at('context'));
    write(`docker/certs.d/${HOST}/client`, company.client('build machine'));
    writeFileSync(join(certs, 'ca.crt'), company.pem);
    writeFileSync(at('ca.pem'), company.pem);
    const identity = company.server(HOST);
    behind = await serveRegistry({ folder, identity, clientAuthority: at('ca.pem') });
    const hosts = new Map([[`${HOST}:443`, behind.port]]);
    const login = `me:${PASSWORD}`;
    const at80 = await servers.listen(companyProxy({ password: login, hosts, seen }));
    proxy = `http://me:${encodeURIComponent(PASSWORD)}@127.0.0.1:${at80}`;
    writeFileSync(
      at('context/Dockerfile'),
      `FROM ${bases.busybox}\nRUN echo ${OWN} > /hello\nUSER 1000\n`,
    );
  });

  afterAll(async () => {
    await behind?.stop();
    await servers.close();
  });

  test('an image is built, pushed, graded and verified', async () => {
    const watch = new AbortController();
    const watching = watchCommandLines(lines, watch.signal);
    const args = ['build', '-q', '--scanner', 'none', '--push', '-t', IMAGE, at('context')];
    const built = await scoville.expect(0, args, { env: env() });
    watch.abort();
    await watching;
    const digest = built.stdout.trim();
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    const graded = await scoville.expect(
      0,
      ['grade', '--scanner', 'none', '--report', 'json', `registry:${IMAGE}`],
      { env: env() },
    );
    expect(graded.stdout).toContain(digest);
    const verified = await scoville.expect(0, ['verify', IMAGE], { env: env() });
    expect(verified.stdout).toContain('verified');
    expect(new Set(seen)).toEqual(new Set([`CONNECT ${HOST}:443`]));
    const said = [built, graded, verified].flatMap((one) => [one.stdout, one.stderr]).join('\n');
    for (const text of [said, ...lines]) {
      expect(text).not.toContain(PASSWORD);
      expect(text).not.toContain(encodeURIComponent(PASSWORD));
    }
    expect(lines.size).toBeGreaterThan(2);
  });

  test.each<[string, Record<string, string | undefined>, RegExp]>([
    [
      'another password',
      { HTTPS_PROXY: 'http://me:wrong-one@PROXY' },
      /through the proxy 127\.0\.0\.1:\d+ \(it answered 407\)\n {2}next: .*HTTPS_PROXY=http:\/\/USER/,
    ],
    ['no proxy', { HTTPS_PROXY: undefined, HTTP_PROXY: undefined }, /cannot reach \S+ \(E\w+\)/],
    [
      'no client certificate',
      { DOCKER_CONFIG: '/nonexistent', SSL_CERT_FILE: 'CA' },
      /client certificate[,:] put client\.cert and client\.key into/,
    ],
    [
      'no authority',
      { DOCKER_CONFIG: '/nonexistent' },
      /\((?:\w*CERT\w*|\w*VERIFY\w*)\)\n {2}next: Trust who signed its certificate/,
    ],
  ])('with %s it says what to do', async (_, other, message) => {
    const changed = Object.entries(other).map(([name, value]): [string, string | undefined] => [
      name,
      value?.replace('PROXY', new URL(proxy).host).replace(/^CA$/, at('ca.pem')),
    ]);
    const ended = await scoville.run(['grade', '--scanner', 'none', `registry:${IMAGE}`], {
      env: env(Object.fromEntries(changed)),
    });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/wrong-one|p@ss|p%40ss/);
  });
});

/** Command lines of all processes until it is stopped. */
async function watchCommandLines(lines: Set<string>, signal: AbortSignal): Promise<void> {
  if (!existsSync('/proc/self/cmdline')) return;
  while (!signal.aborted) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)))
      try {
        lines.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      } catch {
        // It has ended.
      }
    await sleep(100);
  }
}
