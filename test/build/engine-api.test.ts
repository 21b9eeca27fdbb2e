import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createRawServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { dockerLoad, inspectLocalImages, tagImage } from '../../src/build/docker.ts';
import { Interrupted } from '../../src/lib/errors.ts';
import type { RunTool, ToolRun } from '../../src/lib/run-tool.ts';
import { digestOf } from '../../src/model/reference.ts';

const ID = digestOf('an image');
const IMAGE = { Id: ID, RepoTags: ['app:1'], Architecture: 'amd64', RootFS: { Layers: [ID] } };
const MB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'scoville-engine-api-'));
const servers: Server[] = [];
const sockets = new Set<Socket>();
let made = 0;
afterEach(() => {
  for (const one of sockets) one.destroy();
  for (const one of servers.splice(0)) one.close();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function listening(server: Server): Promise<string> {
  const path = join(folder, `${(made += 1)}.sock`);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  servers.push(server);
  server.listen(path);
  await once(server, 'listening');
  return path;
}

/** An engine that answers so, and a runner whose `docker` does as well. */
async function engine(
  answer: (asked: IncomingMessage, to: ServerResponse) => unknown,
  byDocker: { readonly stdout?: string; readonly stderr?: string } = {},
): Promise<{ run: RunTool; asked: string[]; started: string[]; fed: () => number }> {
  const asked: string[] = [];
  const path = await listening(
    createServer((one, to) => {
      asked.push(`${one.method} ${one.url}`);
      answer(one, to);
    }),
  );
  return { ...runner(path, byDocker), asked };
}

function runner(path: string, byDocker: { readonly stdout?: string; readonly stderr?: string }) {
  const started: string[] = [];
  let fed = 0;
  const run = async ({ args, stdin }: ToolRun): ReturnType<RunTool> => {
    started.push(args.join(' '));
    if (stdin !== undefined && stdin !== 'inherit' && !(stdin instanceof Uint8Array))
      for await (const chunk of stdin) fed += chunk.length;
    const { stdout = '', stderr = '' } = byDocker;
    return { ended: 'exit', exitCode: stderr === '' ? 0 : 1, stdout, stderr };
  };
  return { run: Object.assign(run, { engineSocket: () => path }), started, fed: () => fed };
}

const json = (status: number, value: unknown) => (_: unknown, to: ServerResponse) =>
  to.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));

async function* chunks(count: number, size = 1000): AsyncGenerator<Uint8Array> {
  for (let left = count; left > 0; left -= 1) yield await Promise.resolve(new Uint8Array(size));
}

describe('images of the engine', () => {
  test('each is asked for by its name; what it lacks is undefined', async () => {
    const { run, asked, started } = await engine((one, to) =>
      one.url?.includes('none') === true
        ? json(404, { message: 'No such image: none:1' })(one, to)
        : json(200, IMAGE)(one, to),
    );
    const found = await inspectLocalImages(run, ['docker.io/library/app:1', 'none:1', ID]);
    expect(found.map((image) => image?.id)).toEqual([ID, undefined, ID]);
    expect(asked).toEqual([
      'GET /images/docker.io/library/app%3A1/json',
      'GET /images/none%3A1/json',
      `GET /images/${encodeURIComponent(ID)}/json`,
    ]);
    expect(started).toEqual([]);
  });

  test.each<[string, Parameters<typeof engine>[0]]>([
    ['a server error', json(500, { message: 'no' })],
    ['a page that is not there', json(404, { message: 'page not found' })],
    ['a way to elsewhere', (_, to) => to.writeHead(301, { location: '/x' }).end()],
    ['an image without an id', json(200, { Id: '../x' })],
    ['no JSON', (_, to) => to.end('<html>')],
    ['no answer', (one) => one.socket.destroy()],
    ['half an answer', (one, to) => to.write('{', () => one.socket.destroy())],
    [
      'an answer without an end',
      (_, to) => {
        endless(to);
      },
    ],
  ])('%s: docker is asked', async (_, answer) => {
    const { run, started } = await engine(answer, { stdout: JSON.stringify(IMAGE) });
    const [found] = await inspectLocalImages(run, ['app:1']);
    expect(found?.id).toBe(ID);
    expect(started).toEqual(['image inspect --format {{json .}} app:1']);
  });

  test('a name that is a way through folders asks for no other path', async () => {
    const { run, asked } = await engine(json(404, { message: 'page not found' }));
    await inspectLocalImages(run, ['../../containers/json?all=1#']);
    expect(asked).toEqual(['GET /images/../../containers/json%3Fall%3D1%23/json']);
  });

  test('nobody listens: docker says why', async () => {
    const stderr =
      'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?';
    const { run } = runner(join(folder, 'nobody'), { stderr });
    await expect(inspectLocalImages(run, ['app:1'])).rejects.toThrow(
      'cannot connect to Docker at unix:///x',
    );
  });
});

describe('a tag', () => {
  const tag = (run: RunTool, name = 'localhost:5000/team/app:1'): Promise<void> =>
    tagImage(run, ID, name, new AbortController().signal);

  test('is set by the engine', async () => {
    const { run, asked, started } = await engine((_, to) => to.writeHead(201).end());
    await tag(run);
    expect(asked).toEqual([
      `POST /images/${encodeURIComponent(ID)}/tag?repo=localhost%3A5000%2Fteam%2Fapp&tag=1`,
    ]);
    expect(started).toEqual([]);
  });

  test('that it refuses is asked of docker, which says why', async () => {
    const stderr = 'Error response from daemon: no space left on device';
    const { run, started } = await engine(json(500, { message: 'no' }), { stderr });
    await expect(tag(run)).rejects.toThrow('no space left on device');
    expect(started).toHaveLength(1);
  });

  test('with a digest is left to docker', async () => {
    const { run, asked, started } = await engine(json(201, {}));
    await tag(run, `app@${ID}`);
    expect([asked, started]).toEqual([[], [`tag ${ID} app@${ID}`]]);
  });
});

/** Answers as the engine does: messages in JSON, one a line, once the tar is read. */
const loaded =
  (...messages: readonly object[]) =>
  (one: IncomingMessage, to: ServerResponse): void => {
    one.resume().once('end', () => {
      to.writeHead(200, { 'content-type': 'application/json' });
      for (const message of messages) to.write(`${JSON.stringify(message)}\r\n`);
      to.end();
    });
  };

describe('loading', () => {
  test('the tar goes to the engine as it comes; names are those that it says', async () => {
    let bytes = 0;
    const { run, asked, started } = await engine((one, to) => {
      one.on('data', (chunk: Buffer) => (bytes += chunk.length));
      loaded({ stream: `Loaded image ID: ${ID}\n` }, { stream: 'Loaded image: app:1\n' })(one, to);
    });
    expect(await dockerLoad(run, chunks(300))).toEqual({ ok: true, value: [ID, 'app:1'] });
    expect([bytes, asked, started]).toEqual([300_000, ['POST /images/load?quiet=1'], []]);
  });

  test.each([
    {
      what: 'a full disk, at the end of the messages',
      answer: loaded(
        { stream: 'half\n' },
        { errorDetail: { message: 'x' }, error: 'write /x: no space left on device' },
      ),
      says: 'write /x: no space left on device',
    },
    {
      what: 'a blob that the stream left out',
      answer: loaded({ error: `content digest ${ID}: not found` }),
      says: `content digest ${ID}: not found`,
      isMissing: true,
    },
    {
      what: 'a refusal, before anything is read',
      answer: json(403, { message: 'authorization denied by plugin' }),
      says: 'Error response from daemon: authorization denied by plugin',
    },
    {
      what: 'a page in place of an engine',
      answer: (_: unknown, to: ServerResponse) => to.writeHead(502).end('<html>'),
      says: 'Error response from daemon: 502',
    },
    {
      what: 'an answer without an end',
      answer: (_: unknown, to: ServerResponse) => {
        endless(to);
      },
      says: 'the engine’s answer is too long',
    },
    {
      what: 'an engine that ends',
      answer: (one: IncomingMessage) => one.once('data', () => one.socket.destroy()),
      says: /^error during connect: /,
    },
    {
      what: 'an engine that ends in the middle of its answer',
      answer: (one: IncomingMessage, to: ServerResponse) => {
        to.writeHead(200).write('{"stream":"Loaded image: app:1"}\n', () => one.socket.destroy());
      },
      says: /^error during connect: /,
    },
  ])('$what: it is an error, and docker is not started', async (row) => {
    const { run, started } = await engine(row.answer);
    const ended = await dockerLoad(run, chunks(400, 10_000));
    const message =
      typeof row.says === 'string' ? row.says : (expect.stringMatching(row.says) as string);
    expect(ended).toEqual({ ok: false, error: { isMissing: row.isMissing ?? false, message } });
    expect(started).toEqual([]);
  });

  test('nobody listens: docker gets the whole stream', async () => {
    const { run, started, fed } = runner(join(folder, 'nobody'), {});
    expect((await dockerLoad(run, chunks(5))).ok).toBe(true);
    expect([started, fed()]).toEqual([['load'], 5000]);
  });

  test.each([true, false])('what the stream throws is thrown; half sent: %s', async (isSent) => {
    let asked: IncomingMessage | undefined;
    const { run } = await engine((one) => (asked = one.resume()));
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* chunks(3);
      while (isSent && asked === undefined) await sleep(5);
      throw new TypeError('a blob is gone');
    };
    await expect(dockerLoad(run, broken())).rejects.toThrow(new TypeError('a blob is gone'));
    if (isSent) await expect.poll(() => [asked?.closed, asked?.complete]).toEqual([true, false]);
  });

  test('Ctrl-C ends it while the engine reads nothing more', async () => {
    const abort = new AbortController();
    let held: IncomingMessage | undefined;
    const { run } = await engine((one) => {
      held = one;
      one.once('data', () => {
        one.pause();
        abort.abort();
      });
    });
    await expect(dockerLoad(run, chunks(1000, MB), abort.signal)).rejects.toThrow(Interrupted);
    held?.resume();
    await expect.poll(() => [held?.closed, held?.complete]).toEqual([true, false]);
  });

  test('no more is read than the engine takes', async () => {
    const path = await listening(createRawServer((socket) => socket.pause()));
    const { run } = runner(path, {});
    const abort = new AbortController();
    let read = 0;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks(200, MB)) {
        read += chunk.length;
        yield chunk;
      }
    };
    const ended = dockerLoad(run, counted(), abort.signal);
    ended.catch(() => undefined);
    await expect.poll(() => read).toBeGreaterThan(0);
    let before = -1;
    await expect
      .poll(() => {
        const isStill = read === before;
        before = read;
        return isStill;
      })
      .toBe(true);
    expect(read).toBeLessThan(8 * MB);
    abort.abort();
    await expect(ended).rejects.toThrow(Interrupted);
  });
});

/** More than anybody would read. */
function endless(to: ServerResponse): void {
  const piece = ' '.repeat(MB);
  const more = (): void => {
    while (!to.destroyed && to.write(piece));
    if (!to.destroyed) to.once('drain', more);
  };
  more();
}
