import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { buildApp } from '../../src/service/app.ts';
import { registerPages } from '../../src/service/pages/pages.ts';
import { registerWebhooks } from '../../src/service/webhooks.ts';
import { isWhole } from '../e2e/rows.ts';
import { type Kind, KINDS, removeDatabases } from './databases.ts';
import { madeGrade } from './made.ts';
import { bearer } from './service.ts';
import { openWhole } from './whole.ts';

afterAll(removeDatabases);

const IMAGES = isWhole ? 10_000 : 500;
const A_POST = 250;
const HOST = 'registry.example.com';
const SECRET = 'a-secret-of-a-webhook';
/** On a machine at work; it is some milliseconds where it has nothing else to do. */
const LONGEST_MS = 3_000;

async function open(kind: Kind) {
  const { deps } = await openWhole(kind, { webhooks: { docker: SECRET } });
  const app = await buildApp(deps, { parts: [registerWebhooks, registerPages] });
  onTestFinished(() => app.close());
  return { deps, url: await app.listen({ host: '127.0.0.1', port: 0 }) };
}

/** What a registry says to whom so much was pushed at once. */
function pushed(from: number): string {
  const events = Array.from({ length: A_POST }, (_, i) => ({
    ...{ id: `event ${from + i}`, action: 'push', request: { host: HOST } },
    target: {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: `sha256:${'a'.repeat(64)}`,
      repository: `team/app-${from + i}`,
      tag: '1',
    },
  }));
  return JSON.stringify({ events });
}

describe.each(KINDS)('on %s', (kind) => {
  test(`${IMAGES} queued images: pages answer, who waits goes first, each is graded once`, async () => {
    const { deps, url } = await open(kind);
    const { records, queue, tokens, database } = deps;
    const { secret } = await tokens.create({ name: 'me', scopes: ['ask'] });
    for (let from = 0; from < IMAGES; from += A_POST) {
      const answer = await fetch(`${url}/hooks/docker`, {
        ...{ method: 'POST', body: pushed(from) },
        headers: { ...bearer(SECRET), 'content-type': 'application/json' },
      });
      expect([answer.status, await answer.json()]).toEqual([202, { asked: A_POST }]);
    }
    expect((await records.counts()).asks.queued).toBe(IMAGES);
    const mine = await fetch(`${url}/api/v1/grades`, {
      ...{ method: 'POST', body: JSON.stringify({ image: `${HOST}/mine:1` }) },
      headers: { ...bearer(secret), 'content-type': 'application/json' },
    });
    const { id } = (await mine.json()) as { id: string };
    const order: string[] = [];
    const work = (): void => {
      queue.work(
        'grade',
        async ({ data }) => {
          order.push(data.askId);
          const ask = await records.start(data.askId);
          const bytes = ask?.image.repository ?? '';
          await records.finish(data.askId, madeGrade({ at: deps.now(), bytes }));
        },
        { parallel: 4 },
      );
    };
    const slow: unknown[] = [];
    let looks = 0;
    const look = async (): Promise<void> => {
      for (const path of [
        `/badge/${HOST}/team/app-7:1/overall.svg`,
        '/',
        '/api/v1/images?limit=100',
        `/images/${HOST}/team/app-7:1`,
        `/api/v1/grades/${id}`,
        '/readyz',
        '/metrics',
      ]) {
        const began = performance.now();
        const answer = await fetch(url + path, { headers: bearer(secret) });
        await answer.text();
        const ms = performance.now() - began;
        looks += 1;
        const isFine = answer.status === 200 || path.startsWith('/images/');
        if (!isFine || ms > LONGEST_MS) slow.push([path, answer.status, ms]);
      }
    };
    await look();
    work();
    while ((await records.counts()).asks.queued > 0) {
      await look();
      await wait(isWhole ? 1000 : 50);
    }
    await expect
      .poll(async () => (await records.counts()).asks, { timeout: 60_000 })
      .toEqual({ queued: 0, running: 0 });
    expect(slow).toEqual([]);
    expect(looks).toBeGreaterThan(7);
    expect(order.indexOf(id)).toBeLessThan(4);
    expect(new Set(order).size).toBe(IMAGES + 1);
    expect(
      await database.query(
        'SELECT count(*) AS grades, count(DISTINCT ask_id) AS asks, count(DISTINCT image_id) AS images FROM grade',
      ),
    ).toEqual([{ grades: IMAGES + 1, asks: IMAGES + 1, images: IMAGES + 1 }]);
    expect((await queue.sizes()).grade).toEqual({ waiting: 0, running: 0 });
  });
});
