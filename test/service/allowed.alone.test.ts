import type * as dns from 'node:dns';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { networkFetch } from '../../src/lib/fetch.ts';
import { Allowed } from '../../src/service/allowed.ts';

/** What DNS answers, one after the other for each name: rebinding is to answer otherwise later. */
const answers = new Map<string, string[]>();
const asked: string[] = [];

vi.mock('node:dns', async (actual) => {
  const real = await actual<typeof dns>();
  return {
    ...real,
    lookup: (host: string, _: unknown, done: (error: Error | null, found: unknown) => void) => {
      asked.push(host);
      const left = answers.get(host) ?? [];
      const address = left.length > 1 ? left.shift() : left[0];
      if (address === undefined) done(Object.assign(new Error(), { code: 'ENOTFOUND' }), []);
      else done(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
    },
  };
});

const reached: string[] = [];
const server = createServer((request, response) => {
  reached.push(`${request.headers.host}${request.url}`);
  response.writeHead(request.url?.endsWith('/away') === true ? 302 : 200, {
    location: `http://away.example/`,
  });
  response.end('hello');
});
let port = 0;

/** A tunnel is asked for by this; where it would lead is noted, and it leads nowhere. */
server.on('connect', ({ url }, socket) => {
  reached.push(`CONNECT ${url}`);
  socket.end('HTTP/1.1 502 no\r\n\r\n');
});

beforeEach(() => {
  reached.length = asked.length = 0;
});

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

function fetchOf(
  host: string,
  isPrivate: boolean,
  env: Readonly<Record<string, string>> = {},
): (path: string, scheme?: string) => Promise<string> {
  const rule = { host, repositories: [], plainHttp: true, also: [], isPrivate };
  const allowed = new Allowed([rule]);
  const send = networkFetch(env, '/nonexistent', { guardOf: allowed.guardOf });
  return async (path, scheme = 'http') => {
    try {
      return await (await send(`${scheme}://${host}${path}`)).text();
    } catch (error) {
      let at = error as Error;
      while (at.cause instanceof Error) at = at.cause;
      return at.message;
    }
  };
}

test.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1', 'fd00::1'])(
  'a name that answers %s is not connected to',
  async (address) => {
    const host = `registry.example:${port}`;
    answers.set('registry.example', [address]);
    expect(await fetchOf(host, false)('/v2/')).toBe(
      'registry.example is at an address of a private network, which settings do not allow',
    );
    expect(reached).toEqual([]);
  },
);

test('the address that is checked is the one that is connected to', async () => {
  const host = `rebind.example:${port}`;
  // The first look answers a public address, each later one this machine's.
  answers.set('rebind.example', ['192.0.2.1', '127.0.0.1']);
  const send = fetchOf(host, false);
  await Promise.race([send('/v2/'), sleep(2000)]);
  expect(await send('/v2/')).toContain('private network');
  expect(asked).toEqual(['rebind.example', 'rebind.example']);
  expect(reached).toEqual([]);
});

test('a private registry is connected to, and leads nowhere else', async () => {
  const host = `inner.example:${port}`;
  answers.set('inner.example', ['127.0.0.1']);
  const send = fetchOf(host, true);
  expect(await send('/v2/')).toBe('hello');
  expect(await send('/away')).toBe('away.example is not among the hosts that settings allow');
  expect(reached).toEqual([`${host}/v2/`, `${host}/away`]);
  answers.set('inner.example', ['169.254.169.254']);
  expect(await fetchOf(host, true)('/v2/')).toContain('private network');
});

describe('behind a proxy, which looks names up itself', () => {
  const PRIVATE =
    'registry.example is at an address of a private network, which settings do not allow';
  const env = () => ({
    http_proxy: `http://localhost:${port}`,
    https_proxy: `http://localhost:${port}`,
  });

  test.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', 'fd00::1'])(
    'it is not asked for a name that answers %s here',
    async (address) => {
      answers.set('localhost', ['127.0.0.1']);
      answers.set('registry.example', [address]);
      const send = fetchOf('registry.example', false, env());
      expect(await send('/v2/')).toBe(PRIVATE);
      expect(await send('/v2/', 'https')).toBe(PRIVATE);
      expect(reached).toEqual([]);
    },
  );

  test('it is asked for a name that only the proxy knows, a public one, or a private registry', async () => {
    answers.set('localhost', ['127.0.0.1']);
    for (const [address, isPrivate] of [
      [undefined, false],
      ['93.184.215.14', false],
      ['10.0.0.1', true],
    ] as const) {
      reached.length = 0;
      answers.set('registry.example', address === undefined ? [] : [address]);
      const send = fetchOf('registry.example', isPrivate, env());
      expect(await send('/v2/')).toBe('hello');
      await send('/v2/', 'https');
      expect(reached).toEqual([
        'registry.examplehttp://registry.example/v2/',
        'CONNECT registry.example:443',
      ]);
    }
  });

  test('where it leads is looked up too', async () => {
    answers.set('localhost', ['127.0.0.1']);
    answers.set('registry.example', ['93.184.215.14']);
    answers.set('away.example', ['10.0.0.1']);
    const rules = ['registry.example', 'away.example'].map((host) => ({
      ...{ host, repositories: [], plainHttp: true, also: [], isPrivate: false },
    }));
    const { guardOf } = new Allowed(rules);
    const send = networkFetch(env(), '/nonexistent', { guardOf });
    await expect(send('http://registry.example/away')).rejects.toThrow();
    expect(reached).toEqual(['registry.examplehttp://registry.example/away']);
  });
});
