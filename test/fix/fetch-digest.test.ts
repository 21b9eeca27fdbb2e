import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchDigest } from '../../src/fix/fetch-digest.ts';
import { networkFetch } from '../../src/lib/fetch.ts';

let asked = 0;
const server = createServer(({ url = '' }, answer) => {
  asked += 1;
  const to = /^\/to\?(.*)$/.exec(url)?.[1] ?? (url === '/round' ? '/round' : undefined);
  if (to !== undefined) answer.writeHead(302, { location: decodeURIComponent(to) });
  else if (url === '/gone') answer.writeHead(404);
  answer.end('hello\n');
});
let port = 0;
let base = '';
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, done));
  port = (server.address() as AddressInfo).port;
  base = `http://127.0.0.1:${port}`;
});
afterAll(() => {
  server.close();
});

const options = {
  allowsPlain: ({ hostname }: URL) => hostname === '127.0.0.1',
  userAgent: 'scoville/test',
  signal: AbortSignal.timeout(30_000),
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

  test.each([
    ['too large', '/x', 5, 'it is larger than 5 bytes'],
    ['not there', '/gone', 1000, 'the server answered 404'],
    ['round in circles', '/round', 1000, 'more than 10 redirects'],
  ])('what is %s', async (_, path, largest, error) => {
    const found = await fetchDigest(`${base}${path}`, { ...options, largest });
    expect(found).toEqual({ ok: false, error });
  });

  test('an abort is thrown', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(fetchDigest(`${base}/x`, { ...options, signal })).rejects.toThrow('stopped');
  });
});

/** As `fix` fetches what a Dockerfile names; `named`: hosts that the user named. */
function ask(address: string, named: readonly string[] = []) {
  const isNamed = ({ host }: URL) => named.includes(host);
  return fetchDigest(address, {
    ...options,
    fetch: networkFetch({}, '/', { isNamed }),
    allowsPlain: () => true,
  });
}

describe('an address that a project names', () => {
  test.each([
    ...['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '2130706433', '127.1', '0', '0.0.0.0'],
    ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::]', '[::7f00:1]', 'LOCALHOST', 'localhost.'],
  ])('%s is not asked, by a redirect neither', async (host) => {
    const before = asked;
    const direct = await ask(`http://${host}:${port}/`);
    expect(direct).toMatchObject({ ok: false });
    expect(asked).toBe(before);
    // 127.0.0.1 itself is what the user named here.
    if (new URL(`http://${host}`).hostname === '127.0.0.1') return;
    const redirected = await ask(to(`http://${host}:${port}/x`), [`127.0.0.1:${port}`]);
    expect(redirected).toMatchObject({ ok: false });
    expect(asked).toBe(before + 1);
  });

  test.each([
    'http://169.254.169.254',
    'http://10.0.0.1',
    'https://192.168.0.1',
    'http://[fd00::1]',
    'http://localhost',
  ])('%s says why', async (address) => {
    const { hostname } = new URL(address);
    expect(await ask(`${address}:${port}/`)).toEqual({
      ok: false,
      error: `${hostname} is this machine or in its network, and a project names it`,
    });
  });

  test('is asked where the user named it', async () => {
    expect(await ask(`http://localhost:${port}/`, [`localhost:${port}`])).toMatchObject({
      ok: true,
    });
  });
});
