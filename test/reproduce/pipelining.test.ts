import { Client } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { recording, replay } from '../../src/reproduce/record.ts';
import { Opened } from './recorded-server.ts';

const opened = new Opened();
afterEach(() => opened.close());

/** Asked for behind one another on one connection, in any order, over and over, as apt does. */
const KINDS = [
  '/large GET',
  '/empty GET',
  '/chunked GET',
  '/kept GET',
  '/none GET',
  '/small HEAD',
  '/missing GET',
  '/small GET',
  '/slow GET',
  '/large GET bytes=5-9',
];
const SIZE = 300_000;
/** As deep as apt's pipeline. */
const DEPTH = 10;
const ROUNDS = 6;

/** Asks as apt does, and gives status and size of what came. */
async function pipelined(url: string, server: string): Promise<readonly string[]> {
  const { origin, username, password } = new URL(url);
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const client = new Client(origin, { pipelining: DEPTH });
  const asked = Array.from({ length: ROUNDS * DEPTH }, (_, i) => {
    const round = Math.floor(i / DEPTH);
    return KINDS[((i % DEPTH) * 7 + round * 3) % KINDS.length] ?? '';
  });
  const found = await Promise.all(
    asked.map(async (kind) => {
      const [path = '', method = '', range] = kind.split(' ');
      const { statusCode, body } = await client.request({
        path: `${server}${path}`,
        method: method,
        reset: false,
        blocking: false,
        headers: {
          'proxy-authorization': `Basic ${basic}`,
          ...(range === undefined ? {} : { range }),
        },
      });
      return `${kind}: ${statusCode} ${(await body.bytes()).length}`;
    }),
  );
  await client.close();
  return found;
}

const EXPECTED = new Set([
  `/large GET: 200 ${SIZE}`,
  '/empty GET: 200 0',
  `/chunked GET: 200 ${2 * SIZE}`,
  '/kept GET: 304 0',
  '/none GET: 204 0',
  '/small HEAD: 200 0',
  '/missing GET: 404 2',
  '/small GET: 200 5',
  '/slow GET: 200 4',
  '/large GET bytes=5-9: 206 5',
]);

test('requests behind one another on one connection are all answered, recorded and replayed', async () => {
  const body = Buffer.alloc(SIZE, 'x');
  const server = await opened.server(({ url, headers }, response) => {
    if (url === '/large' && headers.range !== undefined)
      return void response
        .writeHead(206, { 'content-range': `bytes 5-9/${SIZE}` })
        .end(body.subarray(5, 10));
    if (url === '/large') return void response.writeHead(200, { 'content-length': SIZE }).end(body);
    if (url === '/chunked') return (response.write(body), void response.end(body));
    if (url === '/kept') return void response.writeHead(304).end();
    if (url === '/none') return void response.writeHead(204).end();
    if (url === '/missing') return void response.writeHead(404).end('no');
    if (url === '/slow') return void setTimeout(() => response.end('late'), 3);
    response.end(url === '/empty' ? '' : 'small');
  });
  const store = await opened.store();
  const recorder = recording(store, opened.upstream(), () => 1);
  const recorded = await opened.proxy(recorder.answer);
  const connections = Array.from({ length: 8 }, () => pipelined(recorded.url, server));
  for (const found of await Promise.all(connections)) {
    expect(found).toHaveLength(ROUNDS * DEPTH);
    expect(new Set(found)).toEqual(EXPECTED);
  }
  await recorder.settled();
  expect(recorder.failures()).toEqual([]);

  const fetches = recorder.fetches().map(({ fetch }) => fetch);
  const player = replay(new Map([['build', fetches]]), store, () => 2);
  const replayed = await opened.proxy(player.answer);
  expect(new Set(await pipelined(replayed.url, server))).toEqual(EXPECTED);
  expect(player.misses()).toEqual([]);
});
