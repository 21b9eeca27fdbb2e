import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchDigest } from '../../src/fix/fetch-digest.ts';

let server: Server | undefined;
let base = '';
beforeAll(async () => {
  server = createServer(({ url = '' }, answer) => {
    const to = /^\/to\?(.*)$/.exec(url)?.[1];
    if (to !== undefined) answer.writeHead(302, { location: decodeURIComponent(to) }).end();
    else if (url === '/round') answer.writeHead(302, { location: '/round' }).end();
    else if (url === '/gone') answer.writeHead(404).end();
    else answer.end('hello\n');
  }).listen(0, '127.0.0.1');
  await new Promise((listening) => server?.once('listening', listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server?.close());

const options = {
  allowsPlain: ({ hostname }: URL) => hostname === '127.0.0.1',
  userAgent: 'scoville/test',
  signal: new AbortController().signal,
  fetch: globalThis.fetch,
};
const to = (address: string): string => `${base}/to?${encodeURIComponent(address)}`;

describe('fetchDigest', () => {
  test('the digest and size of what an address leads to, through redirects', async () => {
    // printf 'hello\n' | sha256sum
    const digest = 'sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03';
    const expected = { ok: true, value: { digest, size: 6 } };
    expect(await fetchDigest(`${base}/x`, options)).toEqual(expected);
    expect(await fetchDigest(to(`${base}/x`), options)).toEqual(expected);
  });

  test.each([
    ['another host without TLS', 'http://x.example/a', 'it is not fetched without TLS'],
    ['a file', 'file:///etc/passwd', 'file: is not fetched'],
    ['a password', 'https://a:b@x.example/', 'its address contains a password'],
  ])('%s is refused, by a redirect too', async (_, address, error) => {
    expect(await fetchDigest(address, options)).toEqual({ ok: false, error });
    expect(await fetchDigest(to(address), options)).toEqual({ ok: false, error });
  });

  test('what is too large, not there, or leads round in circles', async () => {
    const small = { ...options, largest: 5 };
    expect(await fetchDigest(`${base}/x`, small)).toEqual({
      ok: false,
      error: 'it is larger than 5 bytes',
    });
    expect(await fetchDigest(`${base}/gone`, options)).toEqual({
      ok: false,
      error: 'the server answered 404',
    });
    expect(await fetchDigest(`${base}/round`, options)).toEqual({
      ok: false,
      error: 'more than 10 redirects',
    });
  });

  test('an abort is thrown', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(fetchDigest(`${base}/x`, { ...options, signal })).rejects.toThrow('stopped');
  });
});
