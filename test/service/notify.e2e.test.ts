import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { gatherNews, newsOf, startNotifying } from '../../src/service/notify.ts';
import type { Counts, ImageName } from '../../src/service/shapes.ts';
import { type Kind, KINDS, removeDatabases } from './databases.ts';
import { madeGrade, tagged } from './made.ts';
import { openWhole, START } from './whole.ts';

interface Message {
  readonly changes: readonly Record<string, unknown>[];
  readonly more: number;
  readonly text?: string;
}

const taken: { readonly request: IncomingMessage; readonly body: string }[] = [];
/** Answers before it is 204. */
const faults: { readonly status: number; readonly location?: string }[] = [];
const receiver = createServer((request, response) => {
  void text(request).then((body) => {
    const { status = 204, location } = faults.shift() ?? {};
    if (status === 204) taken.push({ request, body });
    response.writeHead(status, location === undefined ? {} : { location }).end();
  });
});
let url = '';

beforeAll(async () => {
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/changes`;
});
beforeEach(() => {
  taken.length = faults.length = 0;
});
afterAll(async () => {
  await removeDatabases();
  receiver.close();
});

const AJV = new Ajv2020();
// The package's types are of its older form.
(formats as unknown as (to: Ajv2020) => void)(AJV);
const isMessage = AJV.compile(
  JSON.parse(readFileSync('schema/service-notification-1.json', 'utf8')) as object,
);

type Made = Omit<Parameters<typeof madeGrade>[0], 'at'> & { readonly counts?: Partial<Counts> };

async function open(kind: Kind, form: 'json' | 'slack' = 'json', to = url) {
  const parts = await openWhole(kind, {
    url: 'https://grades.example.com',
    notify: [{ url: to, form, secret: 'of-ours' }],
  });
  const { deps, clock } = parts;
  startNotifying(deps, {});
  const grade = async (image: ImageName, { counts, ...made }: Made): Promise<void> => {
    clock.at += 60_000;
    const { ask } = await deps.queue.ask({ image, reason: 'api' });
    await deps.records.start(ask.id);
    const plain = madeGrade({ ...made, at: clock.at });
    const all = { ...plain, counts: { ...NONE, ...counts } };
    await deps.records.finish(ask.id, all, newsOf(deps));
  };
  const fail = async (image: ImageName): Promise<void> => {
    clock.at += 60_000;
    const { ask } = await deps.queue.ask({ image, reason: 'daily' });
    await deps.records.start(ask.id);
    await deps.records.fail(ask.id, { message: 'its layer is <damaged>' });
  };
  /** What waits for others to go with it goes now. */
  const now = () =>
    deps.database.query(`UPDATE pgboss.job SET start_after = now() WHERE name = 'notify'`);
  const settled = async (): Promise<void> => {
    await now();
    await expect
      .poll(async () => (await deps.queue.sizes()).notify, { timeout: 60_000 })
      .toEqual({ waiting: 0, running: 0 });
  };
  return { ...parts, grade, fail, now, settled };
}

const NONE: Counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
const messages = (): Message[] => taken.map(({ body }) => JSON.parse(body) as Message);

describe.each(KINDS)('in %s', (kind) => {
  describe('what changed for the worse', () => {
    test('is posted once, signed, as the schema says', async () => {
      const { deps, grade, settled, clock } = await open(kind);
      const image = tagged('1.0');
      await grade(image, { level: 4, grade: 'A', counts: { high: 1 } });
      const failing = ['no-shell', 'signed'];
      const counts = { critical: 1, high: 2, low: 1 };
      await grade(image, { level: 1, grade: 'C', bytes: 'two', failing, counts });
      await settled();
      expect(messages()).toEqual([
        {
          schemaVersion: '1',
          more: 0,
          changes: [
            {
              id: expect.any(String) as string,
              image: 'registry.example.com/team/app:1.0',
              what: ['level', 'grade', 'critical', 'high', 'signed'],
              lines: [
                ...['level 4 → 1', 'grade A → C', '1 more critical', '1 more high'],
                'signed fails now',
              ],
              before: expect.objectContaining({ level: 4, grade: 'A', points: 15 }) as object,
              after: expect.objectContaining({ level: 1, critical: 1, high: 2 }) as object,
              url: 'https://grades.example.com/images/registry.example.com/team/app:1.0',
            },
          ],
        },
      ]);
      expect(isMessage(messages()[0]), JSON.stringify(isMessage.errors)).toBe(true);
      const [first] = taken;
      const seconds = clock.at / 1000;
      const signed = `${seconds}.${first?.body ?? ''}`;
      const sum = createHmac('sha256', 'of-ours').update(signed).digest('hex');
      expect(first?.request.headers['scoville-signature']).toBe(`t=${seconds},v1=${sum}`);
      // As after a start: nothing waits, nothing is found again.
      await gatherNews(deps);
      await settled();
      expect(taken.length).toBe(1);
    });

    test.each<[what: string, after: Made]>([
      ['nothing', {}],
      ['a better level', { level: 5, grade: 'A+' }],
      ['other bytes of the same grade', { bytes: 'two' }],
      ['a vulnerability less', { counts: { high: 0 } }],
      ['a low one more', { counts: { high: 1, low: 1 } }],
    ])('%s is no news', async (_what, after) => {
      const { grade, settled } = await open(kind);
      await grade(tagged('1.0'), { counts: { high: 1 } });
      await grade(tagged('1.0'), { counts: { high: 1 }, ...after });
      await settled();
      expect(taken).toEqual([]);
    });

    test('what changed at once goes in one message, with the number of what is not named', async () => {
      const { grade, settled } = await open(kind);
      const images = Array.from({ length: 101 }, (_, n) => tagged(`${n}`));
      for (const image of images) await grade(image, { level: 4 });
      for (const image of images) await grade(image, { level: 3 });
      await settled();
      expect(messages().map(({ changes, more }) => [changes.length, more])).toEqual([[100, 1]]);
      const names = messages()[0]?.changes.map(({ image }) => image);
      expect(new Set(names).size).toBe(100);
    });

    test('what is not taken is sent again; a redirect is not followed', async () => {
      const { grade, settled, lines } = await open(kind);
      faults.push({ status: 500 }, { status: 307, location: url });
      await grade(tagged('1.0'), { level: 4 });
      await grade(tagged('1.0'), { level: 3 });
      await settled();
      expect(messages().map(({ changes }) => changes.map(({ what }) => what))).toEqual([
        [['level']],
      ]);
      expect(lines.filter((line) => line.startsWith('a notification was not taken'))).toEqual([
        expect.stringContaining('it answered 500') as string,
        expect.stringContaining('it answered 307') as string,
      ]);
    });

    test('Slack gets text that its markup cannot steer', async () => {
      const { deps, grade, fail, settled } = await open(kind, 'slack');
      const image = tagged('1.0');
      await deps.records.followTags(image.registry, image.repository, ['1.0']);
      await grade(image, { level: 4 });
      await fail(image);
      await gatherNews(deps);
      await settled();
      const name = 'registry.example.com/team/app:1.0';
      expect(messages()).toEqual([
        {
          text: `<https://grades.example.com/images/${name}|${name}>: cannot be graded any more: its layer is &lt;damaged&gt;`,
        },
      ]);
    });

    test('a name at an address of this network is not asked', async () => {
      const { grade, settled, lines } = await open(
        kind,
        'json',
        url.replace('127.0.0.1', hostname()),
      );
      await grade(tagged('1.0'), { level: 4 });
      await grade(tagged('1.0'), { level: 3 });
      await settled();
      expect(taken).toEqual([]);
      const refused = lines.filter((line) => line.startsWith('a notification was not taken'));
      expect(refused.length).toBe(6);
      for (const line of refused) expect(line).toContain('is this machine or in its network');
    });
  });

  describe('a followed tag that cannot be graded any more', () => {
    test('is news the first time, and again only after a grade', async () => {
      const { deps, grade, fail, settled } = await open(kind);
      const [image, other] = [tagged('1.0'), tagged('2.0')];
      await deps.records.followTags(image.registry, image.repository, ['1.0']);
      for (const one of [image, other]) await grade(one, { level: 4 });
      const look = async (): Promise<unknown> => {
        await gatherNews(deps);
        await settled();
        return messages().map(({ changes }) =>
          changes.map(({ image: name, what }) => [name, what]),
        );
      };
      for (const one of [image, other, image]) await fail(one);
      const news = [['registry.example.com/team/app:1.0', ['failed']]];
      expect(await look()).toEqual([news]);
      await fail(image);
      expect(await look()).toEqual([news]);
      expect(isMessage(messages()[0]), JSON.stringify(isMessage.errors)).toBe(true);
      await grade(image, { level: 4 });
      await fail(image);
      expect(await look()).toEqual([news, news]);
    });

    test('is none where its registry does not have it', async () => {
      const { deps, grade, fail, settled, clock } = await open(kind);
      const image = tagged('1.0');
      await deps.records.followTags(image.registry, image.repository, ['1.0']);
      await grade(image, { level: 4 });
      await fail(image);
      await deps.records.gone(image);
      await gatherNews(deps);
      await settled();
      expect([taken, clock.at > START]).toEqual([[], true]);
    });
  });
});
