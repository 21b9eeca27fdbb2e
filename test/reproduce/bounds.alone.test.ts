import { readdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { request } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { unreadGaps } from '../../src/reproduce/hermetic-session.ts';
import { type Answer, plainReply, recording } from '../../src/reproduce/record.ts';
import { Opened, passwordOf } from './recorded-server.ts';

const opened = new Opened();
afterEach(() => opened.close());

const MIB = 1024 * 1024;
const ended = new Error('the build is over');

const answered: Answer = (_, reply) => {
  plainReply(reply, 200, 'answer');
  return Promise.resolve();
};

/** Bytes of buffers that something still holds: what is free counts only once it was collected. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().arrayBuffers;
}

async function opening(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  opened.add(() => Promise.resolve(socket.destroy()));
  await new Promise((done) => socket.once('connect', done));
  return socket;
}

async function status(proxy: Awaited<ReturnType<Opened['proxy']>>): Promise<number> {
  return (await request('http://a.example/', { dispatcher: opened.client(proxy) })).statusCode;
}

test('bodies of many requests have one bound, and a refused one is told', async () => {
  const proxy = await opened.proxy(answered);
  const before = heldBytes();
  const words = `POST http://a.example/ HTTP/1.1\r\nHost: a\r\n${passwordOf(proxy.url)}`;
  const piece = Buffer.alloc(MIB, 'a');
  const sockets = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const socket = await opening(proxy.url);
      socket.write(`${words}Content-Length: ${61 * MIB}\r\n\r\n`);
      for (let i = 0; i < 60; i++)
        if (!socket.write(piece)) await new Promise((done) => socket.once('drain', done));
      return socket;
    }),
  );
  // 720 MiB were sent.
  expect((heldBytes() - before) / MIB).toBeLessThan(300);
  const statuses = await Promise.all(
    sockets.map((socket) => {
      const said = new Promise<string>((done) =>
        socket.once('data', (data: Buffer) => {
          done(data.toString('latin1').slice(9, 12));
        }),
      );
      socket.write(piece);
      return said;
    }),
  );
  const refused = statuses.filter((one) => one === '413').length;
  expect(refused).toBeGreaterThanOrEqual(8);
  expect(statuses.filter((one) => one === '200')).toHaveLength(12 - refused);
  expect(proxy.seen).toHaveLength(refused);
  expect(proxy.seen[0]).toMatchObject({
    target: 'a.example',
    why: 'requests that were not answered yet had more than 256 MiB',
  });
  expect(await status(proxy)).toBe(200);
}, 120_000);

test('one body that is too large, and one in a million pieces', async () => {
  const proxy = await opened.proxy(answered);
  const words = `POST http://a.example/ HTTP/1.1\r\nHost: a\r\n${passwordOf(proxy.url)}`;
  const ask = async (head: string, pieces: readonly Buffer[]): Promise<string> => {
    const socket = await opening(proxy.url);
    const said = new Promise<Buffer>((done) => socket.once('data', done));
    socket.write(`${words}${head}\r\n\r\n`);
    for (const piece of pieces)
      if (!socket.write(piece)) await new Promise((done) => socket.once('drain', done));
    return (await said).toString('latin1').slice(9, 12);
  };
  const large = Array.from({ length: 65 }, () => Buffer.alloc(MIB, 'a'));
  expect(await ask(`Content-Length: ${65 * MIB}`, large)).toBe('413');
  const tiny = Buffer.from('1\r\na\r\n'.repeat(600_000));
  const pieces = [tiny, Buffer.from('0\r\n\r\n')];
  expect(await ask('Transfer-Encoding: chunked', pieces)).toBe('413');
  expect(proxy.seen.map(({ why }) => why)).toEqual([
    'a request has more than 64 MiB',
    'requests that were not answered yet had more than 256 MiB',
  ]);
}, 60_000);

test('requests behind one that is never answered do not pile up', async () => {
  const proxy = await opened.proxy(() => new Promise(() => undefined));
  const socket = await opening(proxy.url);
  const gone = new Promise((done) => socket.once('close', done));
  const one = `GET http://u:password@a.example/?token=secret HTTP/1.1\r\nHost: a\r\n${passwordOf(proxy.url)}\r\n`;
  socket.write(one.repeat(20_000));
  await gone;
  expect(proxy.seen[0]).toMatchObject({
    target: 'a.example',
    why: 'too many requests at once',
  });
});

test('more addresses and headers than a lock can have end the recording; the same answer counts once', async () => {
  const large = 'h'.repeat(4000);
  const server = await opened.server((message, response) => {
    const number = message.url?.startsWith('/same') === true ? '' : message.url;
    response.writeHead(200, { etag: `${large}${number}`, link: `${large}${number}` });
    response.end('body');
  });
  const made = recording(await opened.store(), opened.upstream(), () => 1);
  const client = opened.client(await opened.proxy(made.answer));
  const ask = async (path: string): Promise<number> => {
    const answer = await request(`${server}${path}`, { dispatcher: client });
    await answer.body.dump();
    return answer.statusCode;
  };
  const many = async (path: string): Promise<ReadonlySet<number>> => {
    const statuses = new Set<number>();
    for (let i = 0; i < 44; i++) {
      const asked = Array.from({ length: 30 }, (_, n) => ask(path.replace('N', `${i}-${n}`)));
      for (const one of await Promise.allSettled(asked))
        statuses.add(one.status === 'fulfilled' ? one.value : 0);
    }
    return statuses;
  };
  expect([...(await many('/same'))]).toEqual([200]);
  expect(made.failures()).toEqual([]);
  expect(new Set(made.fetches().map(({ fetch }) => fetch)).size).toBe(1);
  await many('/N');
  await made.settled();
  expect(made.failures().length).toBe(20);
  expect(made.failures()[0]?.why).toMatch(/^addresses and headers have more than 8388608 char/);
}, 120_000);

test('an answer without an end, that nobody waits for, ends with the build; nothing is half-written', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'scoville-bounds-'));
  const server = await opened.server((_, response) => void response.write('first'));
  const made = recording(await opened.store('/a/scoville.lock', cache), opened.upstream(), () => 1);
  const client = opened.client(await opened.proxy(made.answer));
  const { body } = await request(`${server}/`, { dispatcher: client });
  await new Promise((done) => body.once('data', done));
  body.on('error', () => undefined).destroy();
  const controller = new AbortController();
  const settled = made.settled(controller.signal);
  controller.abort(ended);
  await settled;
  expect(made.failures()).toEqual([{ address: `${server}/`, why: ended.message }]);
  expect(made.fetches()).toEqual([]);
  const [folder = ''] = readdirSync(join(cache, 'fetches'));
  expect(readdirSync(join(cache, 'fetches', folder, 'sha256'))).toEqual([]);
});

test('what was not noted any more is of any stage', () => {
  const seen = { target: 'a.example:443', why: 'TLS', client: '172.17.0.2' };
  const places = [{ stages: ['build'], text: 'Dockerfile:2' }];
  const told = {
    text: 'Dockerfile:2 a.example:443 could not be read: TLS',
    stages: ['build'],
    kind: 'unread',
  };
  expect(unreadGaps([seen], places, 2)).toEqual([told]);
  expect(unreadGaps([seen], places, 1)).toEqual([
    told,
    { text: '1 connections or more were not read', stages: [], kind: 'unread' },
  ]);
});
