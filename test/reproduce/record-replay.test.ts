import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryPath } from '../../src/image/disk.ts';
import type { Fetch } from '../../src/model/build-analysis.ts';
import { digestOf } from '../../src/model/reference.ts';
import { BuildAuthority } from '../../src/reproduce/build-authority.ts';
import { recording, replay } from '../../src/reproduce/record.ts';
import { Opened } from './recorded-server.ts';

const FILE = Buffer.from('0123456789'.repeat(20_000));
const opened = new Opened();
let cache = '';

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'scoville-cache-'));
});
afterEach(async () => {
  await opened.close();
  await rm(cache, { recursive: true, force: true });
});

/** Where the one store of the test keeps its bytes. */
async function bodies(): Promise<string> {
  const [project = ''] = await readdir(join(cache, 'fetches'));
  return join(cache, 'fetches', project, 'sha256');
}

/** What a program behind the proxy sees of an answer. */
interface SeenAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

type Ask = (
  address: string,
  options?: { method?: 'GET' | 'POST' | 'HEAD'; headers?: Record<string, string>; body?: string },
) => Promise<SeenAnswer>;

function asking(agent: ReturnType<Opened['client']>): Ask {
  return async (address, options = {}) => {
    const answer = await request(address, { ...options, dispatcher: agent });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: createHash('sha256').update(bytes).digest('hex'),
    };
  };
}

async function recorder(ca?: string) {
  const made = recording(
    await opened.store('/a/scoville.lock', cache),
    opened.upstream(ca),
    () => 1,
  );
  const proxy = await opened.proxy(made.answer);
  const ask = asking(opened.client(proxy));
  return {
    ...made,
    proxy,
    // The last byte may be here before the answer is kept.
    ask: async (...of: Parameters<Ask>) => {
      const answer = await ask(...of);
      await made.settled();
      return answer;
    },
  };
}

async function replayer(fetches: readonly Fetch[], path = '/a/scoville.lock') {
  const store = await opened.store(path, cache);
  const made = replay(new Map([['build', fetches]]), store, () => 2);
  return { ...made, ask: asking(opened.client(await opened.proxy(made.answer))) };
}

function fetchesOf(made: Pick<Awaited<ReturnType<typeof recorder>>, 'fetches'>): readonly Fetch[] {
  return made.fetches().map(({ fetch }) => fetch);
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

test('a replay without the servers gives each answer again: plain, TLS, chunked, compressed, redirects, ranges, HEAD, POST', async () => {
  const tls = new BuildAuthority();
  const plain = await opened.server((message, response) => {
    const url = message.url ?? '';
    if (url === '/to') return void response.writeHead(302, { location: '/file' }).end();
    if (url === '/chunked') {
      response.writeHead(200, { 'content-type': 'text/x', 'set-cookie': 'session=1', date: 'x' });
      response.write('one');
      return void setTimeout(() => response.end('two'), 5);
    }
    if (url === '/gzip')
      return void response
        .writeHead(200, { 'content-encoding': 'gzip', etag: '"1"' })
        .end(gzipSync('packed'));
    if (url === '/none') return void response.writeHead(204).end();
    if (url === '/missing') return void response.writeHead(404, { 'content-length': 2 }).end('no');
    if (url === '/post')
      return void textOf(message).then((text) => response.end(`${message.method ?? ''} ${text}`));
    if (message.headers.range === 'bytes=5-9')
      return void response
        .writeHead(206, { 'content-range': `bytes 5-9/${FILE.length}` })
        .end(FILE.subarray(5, 10));
    response.writeHead(200, { 'content-length': FILE.length, 'accept-ranges': 'bytes' });
    response.end(message.method === 'HEAD' ? undefined : FILE);
  });
  const secure = await opened.server((_, response) => response.end('over TLS'), tls);
  const first = await recorder(tls.pem);
  const all = async (ask: Ask): Promise<readonly SeenAnswer[]> => [
    await ask(`${plain}/file`),
    await ask(`${plain}/file`, { method: 'HEAD' }),
    await ask(`${plain}/file`, { headers: { range: 'bytes=5-9' } }),
    await ask(`${plain}/to`),
    await ask(`${plain}/chunked`),
    await ask(`${plain}/gzip`),
    await ask(`${plain}/none`),
    await ask(`${plain}/missing`),
    await ask(`${plain}/post`, { method: 'POST', body: 'a' }),
    await ask(`${plain}/post`, { method: 'POST', body: 'b' }),
    await ask(`${secure}/x?a=1`),
    ...(await Promise.all(Array.from({ length: 8 }, () => ask(`${plain}/file`)))),
  ];
  const before = await all(first.ask);
  await first.settled();
  expect(first.failures()).toEqual([]);
  const fetches = fetchesOf(first);
  expect(before.map(({ status }) => status).slice(0, 11)).toEqual([
    200, 200, 206, 302, 200, 200, 204, 404, 200, 200, 200,
  ]);
  expect(new Set(fetches.slice(8, 10).map((fetch) => fetch.request)).size).toBe(2);
  expect(fetches[0]).toEqual({
    address: `${plain}/file`,
    headers: { 'accept-ranges': 'bytes' },
    digest: digestOf(FILE),
    size: FILE.length,
  });
  expect(fetches[3]).toMatchObject({ status: 302, headers: { location: '/file' }, size: 0 });
  expect(fetches[10]).toMatchObject({ address: `${secure}/x?a=1`, digest: digestOf('over TLS') });
  expect(JSON.stringify(fetches)).not.toContain('session');

  const second = await replayer(fetches);
  const after = await all(second.ask);
  const comparable = (seen: readonly SeenAnswer[]) =>
    seen.map(({ status, headers, body }) => ({
      status,
      body,
      type: headers['content-type'],
      encoding: headers['content-encoding'],
      location: headers['location'],
      range: headers['content-range'],
      etag: headers['etag'],
    }));
  expect(comparable(after)).toEqual(comparable(before));
  expect(after[1]?.headers['content-length']).toBe(String(FILE.length));
  expect(second.misses()).toEqual([]);
});

test('cuts a range that was not recorded out of the whole file, as a resumed download asks for it', async () => {
  const plain = await opened.server((_, response) => response.end(FILE));
  const first = await recorder();
  await first.ask(`${plain}/file`);
  const second = await replayer(fetchesOf(first));
  const rest = await second.ask(`${plain}/file`, { headers: { range: 'bytes=199990-' } });
  expect(rest).toMatchObject({
    status: 206,
    headers: { 'content-range': 'bytes 199990-199999/200000', 'content-length': '10' },
    body: createHash('sha256').update('0123456789').digest('hex'),
  });
  expect(await second.ask(`${plain}/file`, { headers: { range: 'bytes=-3' } })).toMatchObject({
    status: 206,
    headers: { 'content-range': 'bytes 199997-199999/200000' },
  });
  expect((await second.ask(`${plain}/file`, { headers: { range: 'bytes=200000-' } })).status).toBe(
    416,
  );
});

test('a client that has a copy is told again that it is the newest', async () => {
  const plain = await opened.server((message, response) => {
    if (message.headers['if-none-match'] === '"1"')
      return void response.writeHead(304, { etag: '"1"' }).end();
    response.writeHead(200, { etag: '"1"' }).end('x');
  });
  const first = await recorder();
  const condition = { headers: { 'if-none-match': '"1"' } };
  const all = async (ask: Ask) => [
    await ask(`${plain}/x`),
    await ask(`${plain}/x`, condition),
    await ask(`${plain}/x`),
  ];
  const before = await all(first.ask);
  expect(before.map(({ status }) => status)).toEqual([200, 304, 200]);
  const second = await replayer(fetchesOf(first));
  const after = await all(second.ask);
  const shown = (seen: readonly SeenAnswer[]) =>
    seen.map(({ status, headers, body }) => [status, headers['etag'], body]);
  expect(shown(after)).toEqual(shown(before));
  expect(second.misses()).toEqual([]);
});

test('gives several answers to one request in their order', async () => {
  let count = 0;
  const plain = await opened.server((_, response) => response.end(String((count += 1))));
  const first = await recorder();
  const before = [await first.ask(`${plain}/n`), await first.ask(`${plain}/n`)];
  const second = await replayer(fetchesOf(first));
  const after = [1, 2, 3].map(() => second.ask(`${plain}/n`));
  const bodies = (await Promise.all(after)).map(({ body }) => body).sort();
  const [one, two] = before.map(({ body }) => body);
  expect(bodies).toEqual([one, two, two].sort());
});

test('names what the lock does not have, and what its store does not', async () => {
  const plain = await opened.server((_, response) => response.end('x'));
  const first = await recorder();
  await first.ask(`${plain}/x`);
  const [fetch] = fetchesOf(first);
  if (fetch === undefined) throw new Error('recorded');
  const second = await replayer([
    fetch,
    { ...fetch, address: `${plain}/y`, digest: digestOf('y') },
  ]);
  expect((await second.ask(`${plain}/z?token=abc`)).status).toBe(403);
  expect((await second.ask(`${plain}/y`)).status).toBe(403);
  expect((await second.ask(`${plain}/x`, { method: 'POST', body: 'x' })).status).toBe(403);
  expect(second.misses().map(({ asked, why }) => [asked.method, asked.address, why])).toEqual([
    [undefined, `${plain}/z?token=REDACTED`, 'lock'],
    [undefined, `${plain}/y`, 'store'],
    ['POST', `${plain}/x`, 'lock'],
  ]);
});

test('never sends bytes that are not those of the lock', async () => {
  const plain = await opened.server((_, response) => response.end('right'));
  const first = await recorder();
  await first.ask(`${plain}/x`);
  const fetches = fetchesOf(first);
  const folder = await bodies();
  const [name = ''] = await readdir(folder);
  await rm(join(folder, name));
  await writeFile(join(folder, name), 'wrong');
  const second = await replayer(fetches);
  expect((await second.ask(`${plain}/x`)).status).toBe(403);
  expect(second.misses()).toMatchObject([{ why: 'store' }]);
});

test('sends no part of a body for the whole: a lock with another size gets nothing', async () => {
  const plain = await opened.server((_, response) => response.end('rm -rf build; make'));
  const first = await recorder();
  await first.ask(`${plain}/x`);
  for (const size of [6, 100]) {
    const second = await replayer(fetchesOf(first).map((fetch) => ({ ...fetch, size })));
    expect(await second.ask(`${plain}/x`)).toMatchObject({ status: 403 });
    expect(second.misses()).toMatchObject([{ why: 'store' }]);
  }
});

test('a lock cannot name what the builds of another one fetched', async () => {
  const plain = await opened.server((_, response) => response.end('private'));
  const first = await recorder();
  await first.ask(`${plain}/private`);
  const second = await replayer(fetchesOf(first), '/attacker/scoville.lock');
  expect((await second.ask(`${plain}/private`)).status).toBe(403);
  const [project = ''] = await readdir(join(cache, 'fetches'));
  expect((await stat(join(cache, 'fetches', project))).mode & 0o777).toBe(0o700);
});

test('keeps no secret of addresses and headers; a redirect to a signed address works all the same', async () => {
  const asked: string[] = [];
  const plain = await opened.server((message, response) => {
    asked.push(`${message.url ?? ''} ${message.headers.authorization ?? ''}`);
    if (message.url === '/release')
      return void response
        .writeHead(302, { location: `/blob?X-Amz-Signature=s3cr3t&part=1` })
        .end();
    response.writeHead(200, { 'set-cookie': 'id=s3cr3t', link: '</n?token=s3cr3t>' }).end('blob');
  });
  const first = await recorder();
  const secret = { authorization: 'Bearer s3cr3t', cookie: 'id=s3cr3t' };
  const { headers } = await first.ask(`${plain}/release`, { headers: secret });
  expect(headers['location']).toBe('/blob?X-Amz-Signature=REDACTED&part=1');
  await first.ask(`${plain}${String(headers['location'])}`);
  expect(asked).toEqual(['/release Bearer s3cr3t', '/blob?X-Amz-Signature=s3cr3t&part=1 ']);
  const kept = JSON.stringify(fetchesOf(first));
  expect(kept).not.toContain('s3cr3t');
  const folder = await bodies();
  for (const name of await readdir(folder))
    expect(await readFile(join(folder, name), 'utf8')).not.toContain('s3cr3t');
  const second = await replayer(fetchesOf(first));
  const again = await second.ask(`${plain}/release`);
  expect((await second.ask(`${plain}${String(again.headers['location'])}`)).status).toBe(200);
});

test('keeps the whole where the program leaves, and says where a server does', async () => {
  const plain = await opened.server((message, response) => {
    if (message.url === '/cut') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('part');
      return void setTimeout(() => response.destroy(), 20);
    }
    response.writeHead(200, { 'content-length': FILE.length });
    response.write(FILE.subarray(0, 1000));
    setTimeout(() => response.end(FILE.subarray(1000)), 50);
  });
  const first = await recorder();
  const leaving = new AbortController();
  const answer = await request(`${plain}/file`, {
    dispatcher: opened.client(first.proxy),
    signal: leaving.signal,
  });
  leaving.abort();
  await answer.body.text().catch(() => undefined);
  await first.settled();
  expect(fetchesOf(first)).toMatchObject([{ digest: digestOf(FILE), size: FILE.length }]);
  await expect(first.ask(`${plain}/cut`)).rejects.toThrow();
  await first.settled();
  expect(first.failures()).toMatchObject([{ address: `${plain}/cut` }]);
  const [project = ''] = await readdir(join(cache, 'fetches'));
  expect(await readdir(join(cache, 'fetches', project))).toHaveLength(1);
});

test('a server that cannot be reached is part of the recording', async () => {
  const first = await recorder();
  const gone = await opened.server(() => undefined);
  await opened.close();
  cache = await mkdtemp(join(tmpdir(), 'scoville-cache-'));
  const other = await recorder();
  expect((await other.ask(`${gone}/x`)).status).toBe(502);
  const second = await replayer(fetchesOf(other));
  expect((await second.ask(`${gone}/x`)).status).toBe(502);
  expect(first.failures()).toEqual([]);
});

test('what a killed build left is removed by the next one, and what another one writes is not', async () => {
  await opened.store('/a/scoville.lock', cache);
  const folder = await bodies();
  const gone = basename(temporaryPath(folder)).replace(`-${process.pid}-`, '-4194303-');
  const here = basename(temporaryPath(folder));
  for (const name of [gone, here, 'a'.repeat(64)]) await writeFile(join(folder, name), 'half');
  await opened.store('/a/scoville.lock', cache);
  expect((await readdir(folder)).sort()).toEqual([here, 'a'.repeat(64)]);
});
