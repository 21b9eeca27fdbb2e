import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { askEvents } from '../../src/service/api.ts';
import type { Ask } from '../../src/service/shapes.ts';
import { sampleScorecard } from '../report/sample-scorecard.ts';
import { tagged } from './made.ts';
import { closeDatabase, HOST, newService, type Service } from './service.ts';

afterAll(closeDatabase);

async function listening(service: Service): Promise<string> {
  await service.app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(service.app.server.address() as AddressInfo).port}`;
}

function answerOf(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, resolve).on('error', reject);
  });
}

async function textOf(answer: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += chunk.toString();
  return text;
}

test('events tell states and progress until the grade is done', async () => {
  const service = await newService();
  const at = await listening(service);
  const { ask } = await service.queue.ask({ image: tagged('1'), reason: 'api' });
  const answer = await answerOf(`${at}/api/v1/grades/${ask.id}/events`);
  expect(answer.headers['content-type']).toBe('text/event-stream');
  expect(answer.headers['cache-control']).toBe('no-store');
  const seen: string[] = [];
  let text = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    text += chunk.toString();
    const [, event] = [...text.matchAll(/^event: (\w+)$/gm)].at(-1) ?? [];
    if (event === undefined || event === seen.at(-1)) continue;
    seen.push(event);
    if (event === 'queued') await service.records.start(ask.id);
    if (event === 'running') {
      const scorecard = sampleScorecard(undefined, `${HOST}/team/app:1`);
      await service.records.finish(ask.id, { scorecard });
    }
  }
  // It ended by itself.
  expect(seen).toEqual(['queued', 'running', 'done']);
  const last = text.trim().split('\n').at(-1) ?? '';
  expect(JSON.parse(last.replace(/^data: /, ''))).toMatchObject({ id: ask.id, status: 'done' });
});

test('events of a grade that is over end at once', async () => {
  const service = await newService();
  const { ask } = await service.queue.ask({ image: tagged('1'), reason: 'api' });
  await service.records.start(ask.id);
  await service.records.fail(ask.id, { message: 'no such image' });
  const answer = await service.inject({ url: `/api/v1/grades/${ask.id}/events` });
  const head = { method: 'HEAD', url: `/api/v1/grades/${ask.id}/events` } as const;
  expect((await service.app.inject(head)).statusCode).toBe(404);
  expect((await service.app.inject({ method: 'HEAD', url: '/api/v1/export' })).statusCode).toBe(
    404,
  );
  expect((await service.app.inject({ method: 'HEAD', url: '/api/v1/images' })).statusCode).toBe(
    200,
  );
  expect(answer.body).toMatch(/^retry: 3000\n\nevent: failed\ndata: \{.*"no such image".*\}\n\n$/s);
});

test('a service that stops ends its streams', async () => {
  const service = await newService();
  const at = await listening(service);
  const { ask } = await service.queue.ask({ image: tagged('1'), reason: 'api' });
  const answer = await answerOf(`${at}/api/v1/grades/${ask.id}/events`);
  const text = textOf(answer);
  await service.app.close();
  expect(await text).toContain('event: queued');
});

test('all listeners share a query, and there are only so many', async () => {
  const service = await newService();
  const { ask } = await service.queue.ask({ image: tagged('1'), reason: 'api' });
  const { ask: other } = await service.queue.ask({ image: tagged('2'), reason: 'api' });
  const queries: (readonly string[])[] = [];
  const asks = (ids: readonly string[]) => {
    queries.push(ids);
    return Promise.resolve([ask, other].map((one): Ask => ({ ...one, state: 'failed' })));
  };
  const { log, records } = service;
  const events = askEvents({ log, records: { ...records, asks } }, { all: 4, ofOne: 2 });
  onTestFinished(() => {
    events.close();
  });
  const streams = [
    ...[events.open(ask, '10.0.0.1'), events.open(ask, '10.0.0.1')],
    ...[events.open(other, '10.0.0.2'), events.open(other, '10.0.0.3')],
  ];
  const texts = streams.map(textOf);
  // One address has only so many, and so have all.
  expect(() => events.open(ask, '10.0.0.1')).toThrow('try again in 5 s');
  expect(() => events.open(ask, '10.0.0.4')).toThrow('try again in 5 s');
  for (const text of await Promise.all(texts)) expect(text).toContain('event: failed');
  expect(queries).toEqual([[ask.id, other.id]]);
  // There is room again, and a reader that leaves makes room too.
  for (let n = 0; n < 5; n++) {
    const stream = events.open(ask, '10.0.0.1').destroy();
    await once(stream, 'close');
  }
});

test('an export has a line an image, and is read as it is sent', async () => {
  const service = await newService();
  const MANY = 100_000;
  const tagOf = (number: number): string => String(number).padStart(128, '0');
  let read = 0;
  let isEnded = false;
  // eslint-disable-next-line @typescript-eslint/require-await -- as an iterator of rows is
  const rows = async function* () {
    try {
      for (; read < MANY; read++) yield { image: tagged(tagOf(read)), isFollowed: false };
    } finally {
      isEnded = true;
    }
  };
  Object.assign(service.records, { export: rows });
  const at = await listening(service);
  const slow = await answerOf(`${at}/api/v1/export`);
  expect(slow.headers['content-type']).toBe('application/x-ndjson');
  await new Promise((resolve) => slow.once('readable', resolve));
  // Nobody reads on: what fits between the two is all that is made.
  let before = -1;
  await expect
    .poll(
      () => {
        const isStill = read === before;
        before = read;
        return isStill;
      },
      { interval: 100 },
    )
    .toBe(true);
  expect(read).toBeLessThan(MANY);
  slow.destroy();
  await expect.poll(() => isEnded).toBe(true);

  read = 0;
  const lines = (await textOf(await answerOf(`${at}/api/v1/export`))).trimEnd().split('\n');
  expect(lines).toHaveLength(MANY);
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
    ...{ image: `${HOST}/team/app:${tagOf(MANY - 1)}`, followed: false },
  });
});
