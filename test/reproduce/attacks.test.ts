import { type AddressInfo, createServer } from 'node:net';
import type { networkInterfaces } from 'node:os';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { lockText } from '../../src/build/plan-lock.ts';
import { parseLock } from '../../src/config/lock.ts';
import { bridgeClients } from '../../src/reproduce/proxy.ts';
import { recording } from '../../src/reproduce/record.ts';
import { fetchesByStage } from '../../src/reproduce/recorded-fetches.ts';
import { lock } from '../build/lock-given.ts';
import { Opened, passwordOf, spoken } from './recorded-server.ts';

const opened = new Opened();
afterEach(() => opened.close());

/** A server that answers each connection with the same bytes, whatever was asked. */
async function answering(bytes: string): Promise<string> {
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => socket.end(Buffer.from(bytes, 'latin1')));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  opened.add(() => new Promise((done) => server.close(done)));
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

async function recorder() {
  const made = recording(await opened.store(), opened.upstream(), () => 1);
  return { made, proxy: await opened.proxy(made.answer) };
}

async function isReadable({ made }: Awaited<ReturnType<typeof recorder>>): Promise<boolean> {
  await made.settled();
  const fetches = fetchesByStage(made.fetches().map(({ fetch }) => ({ fetch, stages: ['a'] })));
  return (await parseLock(await lockText(lock({ fetches })), 'f.lock')).ok;
}

test('a connection from this machine itself, or routed here, is closed whatever it knows', async () => {
  const interfaces = {
    docker0: [{ address: '172.17.0.1', cidr: '172.17.0.1/16', family: 'IPv4' }],
    eth0: [{ address: '10.0.0.5', cidr: '10.0.0.5/8', family: 'IPv4' }],
  } as unknown as ReturnType<typeof networkInterfaces>;
  // Before the first container runs, the bridge is not listed.
  let listed: typeof interfaces = {};
  const isClient = bridgeClients('172.17.0.1', () => listed);
  expect(isClient('172.17.0.2')).toBe(false);
  listed = interfaces;
  const from = [
    '172.17.0.2',
    '172.17.255.9',
    '172.17.0.1',
    '10.0.0.5',
    '10.0.0.6',
    '127.0.0.1',
    '',
  ];
  expect(from.filter(isClient)).toEqual(['172.17.0.2', '172.17.255.9']);
  expect(from.filter(bridgeClients('172.19.0.1', () => interfaces))).toEqual([]);

  const made = recording(await opened.store(), opened.upstream(), () => 1);
  const proxy = await opened.proxy(made.answer, { isClient });
  const words = `GET http://127.0.0.1:1/ HTTP/1.1\r\nHost: a\r\n${passwordOf(proxy.url)}\r\n`;
  expect(await spoken(proxy.url, words)).toBe('');
  expect(made.fetches()).toEqual([]);
});

test('two lengths, a whole address in a tunnel, and methods that a lock cannot have are refused', async () => {
  const server = await opened.server((_, response) => response.end('ok'));
  const { made, proxy } = await recorder();
  const ask = async (words: string): Promise<string> =>
    (await spoken(proxy.url, words.replace('\r\n', `\r\n${passwordOf(proxy.url)}`))).slice(9, 12);
  const host = 'Host: other.example\r\nConnection: close\r\n';
  const smuggled = `${host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /`;
  expect(await ask(`POST ${server}/ HTTP/1.1\r\n${smuggled}`)).toBe('400');
  expect(await ask(`M-SEARCH ${server}/ HTTP/1.1\r\n${host}\r\n`)).toBe('501');
  expect(await ask(`GET / HTTP/1.1\r\n${host}\r\n`)).toBe('400');
  const tunnel = `CONNECT 127.0.0.1:1 HTTP/1.1\r\n\r\nGET ${server}/ HTTP/1.1\r\n${host}\r\n`;
  const inTunnel = await spoken(proxy.url, tunnel.replace('\r\n', `\r\n${passwordOf(proxy.url)}`));
  expect(inTunnel).toContain('HTTP/1.1 400');
  expect(made.fetches()).toEqual([]);
  // The address decides, not the Host header.
  expect(await ask(`GET ${server}/ HTTP/1.1\r\n${host}\r\n`)).toBe('200');
  await made.settled();
  expect(made.fetches().map(({ fetch }) => fetch.address)).toEqual([`${server}/`]);
});

test.each([
  ['a status of no standard', 'HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\nok', 502],
  ['a header that ends early', 'HTTP/1.1 200 OK\r\nETag: a\0b\r\n\r\n', 502],
  ['a header without an end', `HTTP/1.1 200 OK\r\nETag: ${'a'.repeat(100_000)}\r\n\r\n`, 502],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok', 502],
  [
    'a redirect to a file',
    'HTTP/1.1 302 F\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n',
    302,
  ],
  [
    'letters of Latin 1',
    'HTTP/1.1 200 OK\r\nETag: "\x85\xa0\xff"\r\nContent-Length: 0\r\n\r\n',
    200,
  ],
])('%s: the lock can be read again', async (_, bytes, status) => {
  const server = await answering(bytes);
  const one = await recorder();
  const words = `GET ${server}/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${passwordOf(one.proxy.url)}\r\n`;
  const seen = await spoken(one.proxy.url, words);
  expect(seen.slice(9, 12)).toBe(String(status));
  expect(await isReadable(one)).toBe(true);
});

test('whatever a command asks for, the lock can be read again', async () => {
  const one = await recorder();
  const address = fc.oneof(
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.string({ unit: 'binary-ascii' }).map((text) => `odd://h/${text}`),
    fc.string().map((text) => `ftp://[::1]/?${text}`),
  );
  await fc.assert(
    fc.asyncProperty(address, async (text) => {
      const reply = {
        head: () => undefined,
        write: () => Promise.resolve(),
        end: () => undefined,
        breakOff: () => undefined,
      };
      if (!URL.canParse(text)) return;
      const request = {
        method: 'GET',
        address: new URL(text).href.replace(/^http/, 'gopher'),
        headers: {},
        body: Buffer.alloc(0),
        client: '',
      };
      await one.made.answer(request, reply);
    }),
    { numRuns: 300 },
  );
  expect(one.made.fetches().length).toBeGreaterThan(100);
  expect(await isReadable(one)).toBe(true);
});
