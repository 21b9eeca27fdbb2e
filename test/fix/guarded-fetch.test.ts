import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchDigest } from '../../src/fix/fetch-digest.ts';
import { networkFetch } from '../../src/lib/fetch.ts';

let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  const to = /^\/to\?(.*)$/.exec(request.url ?? '')?.[1];
  if (to !== undefined) response.writeHead(302, { location: decodeURIComponent(to) });
  response.end('hello\n');
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
});

/** As `fix` fetches what a Dockerfile names; `named`: hosts that the user named. */
function ask(address: string, named: readonly string[] = []) {
  const isNamed = ({ host }: URL) => named.includes(host);
  return fetchDigest(address, {
    fetch: networkFetch({}, '/', { isNamed }),
    allowsPlain: () => true,
    userAgent: 'test',
    signal: AbortSignal.timeout(30_000),
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
    const behind = `http://127.0.0.1:${port}/to?${encodeURIComponent(`http://${host}:${port}/x`)}`;
    // 127.0.0.1 itself is what the user named here.
    if (new URL(`http://${host}`).hostname === '127.0.0.1') return;
    const redirected = await ask(behind, [`127.0.0.1:${port}`]);
    expect(redirected).toMatchObject({ ok: false });
    expect(asked).toBe(before + 1);
  });

  test.each([
    'http://169.254.169.254/',
    'http://10.0.0.1/',
    'https://192.168.0.1/',
    'http://[fd00::1]/',
  ])('%s says why', async (address) => {
    const { hostname } = new URL(address);
    expect(await ask(address)).toEqual({
      ok: false,
      error: `${hostname} is this machine or in its network, and a project names it`,
    });
  });

  test('a name that leads here says why', async () => {
    expect(await ask(`http://localhost:${port}/`)).toEqual({
      ok: false,
      error: 'localhost is this machine or in its network, and a project names it',
    });
  });

  test('is asked where the user named it', async () => {
    expect(await ask(`http://localhost:${port}/`, [`localhost:${port}`])).toMatchObject({
      ok: true,
    });
  });
});
