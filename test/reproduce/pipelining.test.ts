import { connect, type Socket } from 'node:net';
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

function statusOf(text: string): string {
  return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? '';
}

/** The answers on one connection, as many as asked for: status and size of the body. */
class Answers {
  #seen = Buffer.alloc(0);
  #wake = (): void => undefined;
  #isClosed = false;

  constructor(socket: Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#seen = Buffer.concat([this.#seen, chunk]);
      this.#wake();
    });
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  async next(method: string): Promise<string> {
    const head = (await this.#until('\r\n\r\n')).toString('latin1');
    const status = statusOf(head);
    let size = 0;
    if (method === 'HEAD' || status === '304' || status === '204') return `${status} 0`;
    if (/transfer-encoding: chunked/i.test(head))
      for (;;) {
        const length = Number.parseInt((await this.#until('\r\n')).toString(), 16);
        await this.#take(length + 2);
        size += length;
        if (length === 0) return `${status} ${size}`;
      }
    size = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    await this.#take(size);
    return `${status} ${size}`;
  }

  async #until(end: string): Promise<Buffer> {
    for (;;) {
      const at = this.#seen.indexOf(end);
      if (at >= 0) return this.#take(at + end.length);
      await this.#more();
    }
  }

  async #take(size: number): Promise<Buffer> {
    while (this.#seen.length < size) await this.#more();
    const taken = this.#seen.subarray(0, size);
    this.#seen = this.#seen.subarray(size);
    return taken;
  }

  async #more(): Promise<void> {
    if (this.#isClosed) throw new Error('the connection was closed');
    await new Promise<void>((done) => (this.#wake = done));
  }
}

/** Asks as apt does, and gives what came. */
async function pipelined(url: string, server: string): Promise<readonly string[]> {
  const { hostname, port, username, password } = new URL(url);
  const basic = Buffer.from(`${username}:${password}`).toString('base64');
  const socket = connect(Number(port), hostname);
  const answers = new Answers(socket);
  const found: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const asked = Array.from(
      { length: DEPTH },
      (_, i) => KINDS[(i * 7 + round * 3) % KINDS.length] ?? '',
    );
    socket.write(
      asked
        .map((kind) => {
          const [path = '', method = '', range = ''] = kind.split(' ');
          return `${method} ${server}${path} HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic ${basic}\r\n${range === '' ? '' : `Range: ${range}\r\n`}\r\n`;
        })
        .join(''),
    );
    for (const kind of asked)
      found.push(`${kind}: ${await answers.next(kind.split(' ')[1] ?? '')}`);
  }
  socket.destroy();
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
