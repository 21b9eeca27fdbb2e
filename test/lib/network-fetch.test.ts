import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ProxyError, UserError } from '../../src/lib/errors.ts';
import { drainAtEnd, networkFetch } from '../../src/lib/fetch.ts';
import { Authority, companyProxy, Servers, socksProxy } from '../fakes/company.ts';

const HOST = 'registry.corp.test';
const OTHER = 'other.corp.test';
const PASSWORD = 'me:p@ss:w%rd';
const company = new Authority('Company CA');
const servers = new Servers();
const seen: string[] = [];
/** By server: who asked it, and what header it was shown. */
const met: string[] = [];
let home = '';
let proxy = '';
let tlsProxy = '';
let socks = '';
let openSocks = '';
let roots = '';

/** The subject of the client's certificate. */
function peerOf({ socket }: IncomingMessage): { readonly CN?: unknown } {
  const found = socket instanceof TLSSocket ? socket.getPeerCertificate() : undefined;
  return found !== undefined && 'subject' in found ? found.subject : {};
}

function answer(who: string) {
  return (asked: IncomingMessage, response: ServerResponse): void => {
    const { CN } = peerOf(asked);
    met.push(`${who} ${String(CN)} ${asked.headers.authorization ?? 'nobody'}`);
    if (asked.url === '/away') response.writeHead(302, { location: `https://${OTHER}/` });
    if (asked.url === '/refused') response.writeHead(401);
    response.end(who);
  };
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'scoville-company-'));
  roots = join(home, 'roots.pem');
  writeFileSync(roots, company.pem);
  const asks = { requestCert: true, rejectUnauthorized: false, ca: company.pem };
  const strict = { ...asks, rejectUnauthorized: true };
  const own = await servers.tls(company.server(HOST), answer('own'), strict);
  const other = await servers.tls(company.server(OTHER), answer('other'), asks);
  const folder = join(home, '.docker/certs.d', HOST);
  mkdirSync(folder, { recursive: true });
  const { cert, key } = company.client('me');
  writeFileSync(join(folder, 'client.cert'), cert);
  writeFileSync(join(folder, 'client.key'), key);
  writeFileSync(join(folder, 'ca.crt'), company.pem);
  const plain = await servers.listen(createServer(answer('plain')));
  const hosts = new Map([
    ['plain.corp.test:80', plain],
    [`${HOST}:443`, own],
    [`${HOST}:5000`, own],
    [`${OTHER}:443`, other],
  ]);
  const port = await servers.listen(companyProxy({ password: PASSWORD, hosts, seen }));
  proxy = `http://me:${encodeURIComponent('p@ss:w%rd')}@127.0.0.1:${port}`;
  const login = `me:${encodeURIComponent('p@ss:w%rd')}@`;
  const atSocks = await servers.listen(socksProxy({ password: PASSWORD, hosts, seen }));
  socks = `socks5://${login}127.0.0.1:${atSocks}`;
  openSocks = `socks5h://127.0.0.1:${await servers.listen(socksProxy({ hosts, seen }))}`;
  const identity = company.server('localhost');
  const tlsPort = await servers.listen(companyProxy({ password: PASSWORD, hosts, seen, identity }));
  tlsProxy = proxy.replace(`http:`, 'https:').replace(`127.0.0.1:${port}`, `localhost:${tlsPort}`);
});

afterAll(async () => {
  await servers.close();
  rmSync(home, { recursive: true });
});

beforeEach(() => {
  seen.length = met.length = 0;
});

const failure = (url: string, env: Record<string, string>): Promise<unknown> =>
  networkFetch(
    env,
    home,
  )(url).then(
    (response) => response.status,
    (error: unknown) => error,
  );

describe('a proxy with a password, and a registry with mutual TLS', () => {
  test.each(['http', 'https'])('through an %s proxy', async (scheme) => {
    const env = { HTTPS_PROXY: scheme === 'http' ? proxy : tlsProxy, SSL_CERT_FILE: roots };
    const response = await networkFetch(env, home)(`https://${HOST}/v2/`, {
      headers: { authorization: 'Basic mine' },
    });
    expect(await response.text()).toBe('own');
    expect(seen).toEqual([`CONNECT ${HOST}:443`]);
    expect(met).toEqual(['own me Basic mine']);
  });

  test('a redirect takes neither certificate nor password along', async () => {
    const env = { HTTPS_PROXY: proxy, SSL_CERT_FILE: roots };
    const response = await networkFetch(env, home)(`https://${HOST}/away`, {
      headers: { authorization: 'Basic mine' },
    });
    expect(await response.text()).toBe('other');
    expect(met).toEqual(['own me Basic mine', 'other undefined nobody']);
  });

  test('a certificate for one port is not shown at another', async () => {
    const env = { HTTPS_PROXY: proxy, SSL_CERT_FILE: roots };
    expect(await failure(`https://${HOST}:5000/`, env)).toBeInstanceOf(Error);
    expect(met).toEqual([]);
  });

  test('an authority of one registry is not trusted for another', async () => {
    const error = await failure(`https://${OTHER}/`, { HTTPS_PROXY: proxy });
    expect((error as Error).cause).toMatchObject({ code: expect.stringMatching(/CERT/) as string });
  });

  test.each([
    ['SSL_CERT_FILE', () => roots],
    ['NODE_EXTRA_CA_CERTS', () => roots],
    ['SSL_CERT_DIR', () => `/nonexistent:${home}`],
  ])('%s is trusted', async (name, value) => {
    expect(await failure(`https://${OTHER}/`, { HTTPS_PROXY: proxy, [name]: value() })).toBe(200);
  });

  test('only where it is asked for, any certificate will do', async () => {
    const insecure = networkFetch({ HTTPS_PROXY: proxy }, home, { isVerified: false });
    expect(await (await insecure(`https://${OTHER}/`)).text()).toBe('other');
  });
});

describe('a SOCKS5 proxy', () => {
  test('with a password is given the name, and mutual TLS goes through it', async () => {
    const response = await networkFetch({ HTTPS_PROXY: socks, SSL_CERT_FILE: roots }, home)(
      `https://${HOST}/v2/`,
      { headers: { authorization: 'Basic mine' } },
    );
    expect(await response.text()).toBe('own');
    expect(seen).toEqual([`SOCKS ${HOST}:443`]);
    expect(met).toEqual(['own me Basic mine']);
  });

  test('without one, for plain HTTP too', async () => {
    expect(await failure('http://plain.corp.test/', { HTTP_PROXY: openSocks })).toBe(200);
    expect(seen).toEqual(['SOCKS plain.corp.test:80']);
  });

  test('verifies who answers behind it, but for an insecure registry', async () => {
    const error = await failure(`https://${OTHER}/`, { HTTPS_PROXY: openSocks });
    expect((error as Error).cause).toMatchObject({ code: expect.stringMatching(/CERT/) as string });
    const insecure = networkFetch({ HTTPS_PROXY: openSocks }, home, { isVerified: false });
    expect(await (await insecure(`https://${OTHER}/`)).text()).toBe('other');
  });

  const REFUSED = 'it refused user and password';
  test.each([
    ['another password', HOST, () => socks.replace('me:', 'you:'), REFUSED],
    ['no password', HOST, () => socks.replace(/\/\/[^@]*@/, '//'), REFUSED],
    ['no server', HOST, () => 'socks5://127.0.0.1:1', 'ECONNREFUSED'],
    ['a host out of reach', 'nowhere.corp.test', () => openSocks, 'Host unreachable'],
  ])('%s is said, and no password', async (_, host, through, why) => {
    const error = await failure(`https://${host}/`, { HTTPS_PROXY: through() });
    expect(error).toMatchObject({ name: 'ProxyError', why });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/p@ss|p%40ss/);
  });
});

describe('what fails says what it was', () => {
  test('a proxy that refuses the password, which is not printed', async () => {
    const HTTPS_PROXY = proxy.replace('me:', 'you:');
    const error = await failure(`https://${HOST}/`, { HTTPS_PROXY });
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({
      message: `no way through the proxy ${new URL(proxy).host}: it answered 407`,
      nextStep: expect.stringContaining('HTTPS_PROXY=http://USER:PASSWORD@') as string,
    });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('p%40ss');
  });

  test.each([
    ['a password, for plain HTTP', 'http://plain.corp.test/', /me:[^@]*@/, 'it answered 407'],
    ['a host', 'https://nowhere.corp.test/', '', 'it answered 502'],
  ])('a proxy that refuses %s', async (_, url, cut, why) => {
    const address = proxy.replace(cut, '');
    const error = await failure(url, { HTTP_PROXY: address, HTTPS_PROXY: address });
    expect(error).toMatchObject({ name: 'ProxyError', why });
  });

  test.each([
    ['the proxy', 401, {}, { name: 'ProxyError', why: 'it answered 401' }],
    [
      'the proxy',
      403,
      { 'content-type': 'text/html' },
      { name: 'ProxyError', why: 'it answered 403' },
    ],
    ['the registry', 401, { 'www-authenticate': 'Bearer realm="http://a.test/"' }, 401],
    ['the registry', 403, { 'content-type': 'application/json' }, 403],
    ['the registry', 403, { 'docker-distribution-api-version': 'registry/2.0' }, 403],
  ])('over plain HTTP %s answers %i with %o', async (_, status, headers, expected) => {
    const refusing = await servers.listen(
      createServer((_asked, response) => {
        response.writeHead(status, headers).end('no');
      }),
    );
    const HTTP_PROXY = `http://127.0.0.1:${refusing}`;
    const found = await failure('http://plain.corp.test/v2/', { HTTP_PROXY });
    if (typeof expected === 'number') expect(found).toBe(expected);
    else expect(found).toMatchObject(expected);
  });

  test('what a SOCKS proxy passes on is the registry’s answer', async () => {
    expect(await failure('http://plain.corp.test/refused', { HTTP_PROXY: openSocks })).toBe(401);
  });

  test('a proxy that is not there, or has a certificate that is not trusted', async () => {
    const there = await failure(`https://${HOST}/`, { HTTPS_PROXY: 'http://127.0.0.1:1' });
    expect(there).toMatchObject({ proxy: '127.0.0.1:1', why: 'ECONNREFUSED' });
    const error = await failure(`https://${HOST}/`, { HTTPS_PROXY: tlsProxy });
    expect(error).toBeInstanceOf(Error);
    expect(seen).toEqual([]);
  });

  test.each([
    ['a password that is no part of a URL', { HTTPS_PROXY: 'http://a:%zz@127.0.0.1:1' }],
    ['a file of authorities that is not there', { SSL_CERT_FILE: '/nonexistent.pem' }],
  ])('%s', async (_, env) => {
    const error = await failure('https://elsewhere.corp.test/', env);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).not.toContain('%zz');
  });
});

describe("Docker's certs.d", () => {
  const folder = (): string => join(home, '.docker/certs.d/half.corp.test');
  test.each([
    ['a certificate without its key', { 'a.cert': 'x' }, 'a.key: no such file'],
    ['a key without its certificate', { 'a.key': 'x' }, 'a.cert: no such file'],
    ['what is not PEM', { 'a.cert': 'x', 'a.key': 'x' }, "in Docker's certs.d cannot be used"],
  ])('%s is an error', async (_, files, message) => {
    rmSync(folder(), { recursive: true, force: true });
    mkdirSync(folder(), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder(), name), text);
    const error = await failure('https://half.corp.test/', {});
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain(message);
  });
});

describe('a server that closes its connection while we read slowly', () => {
  const SIZE = 3_000_000;
  let address = '';
  beforeAll(async () => {
    drainAtEnd();
    const server = createServer((_asked, response) => {
      response.writeHead(200, { connection: 'close', 'content-length': SIZE });
      response.end(Buffer.alloc(SIZE, 7));
    });
    address = `http://127.0.0.1:${await servers.listen(server)}`;
  });

  // Without `drainAtEnd` an assertion of undici ends the process in most of these.
  test.each(['manual', 'follow'] as const)(
    'gives the whole answer (redirect: %s)',
    async (redirect) => {
      const fetch = networkFetch({}, home);
      for (let round = 0; round < 4; round += 1) {
        const response = await fetch(address, { redirect });
        let bytes = 0;
        for await (const piece of response.body ?? []) {
          bytes += (piece as Uint8Array).length;
          await new Promise((done) => setTimeout(done, 1));
        }
        expect(bytes).toBe(SIZE);
      }
    },
  );
});
