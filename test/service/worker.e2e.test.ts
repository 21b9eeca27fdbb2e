import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { gradeAgain } from '../../src/service/follow.ts';
import type { Logger } from '../../src/service/log.ts';
import { openQueue } from '../../src/service/queue.ts';
import { makeRecords } from '../../src/service/records.ts';
import type { ServiceSettings } from '../../src/service/settings.ts';
import type { Ask } from '../../src/service/shapes.ts';
import { makeWorkers, type WorkerOptions } from '../../src/service/worker.ts';
import { type FakeOsv, fakeOsv } from '../fakes/fake-osv.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/fake-registry.ts';
import { ImageBytes } from '../fakes/images.ts';
import { type BundledGrader, bundledGrader } from './bundled-grader.ts';
import { cleanDatabase, KINDS, type Kind, removeDatabases } from './databases.ts';
import { SETTINGS } from './made.ts';

let bundle: BundledGrader;
let registry: FakeRegistry;
let osv: FakeOsv;
let digest = '';

beforeAll(async () => {
  bundle = await bundledGrader();
  registry = await startFakeRegistry({ referrersApi: true });
  osv = await fakeOsv();
});

afterAll(async () => {
  await removeDatabases();
  await registry.close();
  await osv.close();
  await bundle.remove();
});

beforeEach(() => {
  registry.faults.length = registry.requests.length = 0;
  const bytes = new ImageBytes();
  const root = bytes.image();
  ({ digest } = root);
  for (const [name, blob] of bytes.blobs) {
    registry.putBlob('team/app', blob);
    if (name === root.digest) registry.putManifest('team/app', '1', blob, MEDIA_TYPE.manifest);
  }
});

async function until(what: () => Promise<boolean>): Promise<void> {
  await expect.poll(what, { interval: 50, timeout: 60_000 }).toBe(true);
}

const nothing = (): void => undefined;
const LOG: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

async function service(kind: Kind, options: Partial<WorkerOptions> = {}) {
  const database = await cleanDatabase(kind);
  const now = Date.now;
  const settings: ServiceSettings = {
    ...{ listen: { host: '127.0.0.1', port: 0 }, database: '', workers: 1, reading: 'open' },
    ...{ proxies: [], osv: osv.url },
    ...{ webhooks: {}, notify: [], trust: { images: [], keys: [], identities: [], bases: [] } },
    ...SETTINGS,
    bounds: { ...SETTINGS.bounds, memory: 1024 ** 3, seconds: 30, layerBytes: 1e9 },
    registries: [
      {
        ...{ host: registry.host, repositories: ['team/*'], follow: [], plainHttp: true, also: [] },
        isPrivate: false,
      },
    ],
  };
  const records = makeRecords(database, { now, settings });
  const queue = await openQueue(database, { now, settings, pollMs: 50, retrySeconds: 0 });
  const home = await mkdtemp(join(tmpdir(), 'scoville-service-'));
  const workers = makeWorkers(
    { settings, records, queue, log: LOG, now },
    { graders: 1, home, env: process.env, file: bundle.file, ...options },
  );
  onTestFinished(async () => {
    await queue.stop({ seconds: 0 });
    workers.close();
    await rm(home, { recursive: true, force: true });
  });
  const ask = async (repository = 'team/app', more = {}): Promise<Ask> => {
    const image = { registry: registry.host, repository, tag: '1' };
    return (await queue.ask({ image, reason: 'api', ...more })).ask;
  };
  const ended = async (id: string): Promise<Ask | undefined> => {
    await until(async () => /done|failed/.test((await records.ask(id))?.state ?? ''));
    return records.ask(id);
  };
  return { database, records, queue, workers, ask, ended };
}

describe.each(KINDS)('workers on %s', (kind) => {
  test('grade what is asked for, keep it once, and say so within it', async () => {
    const outcomes: string[] = [];
    const told: string[] = [];
    const { records, workers, ask, ended } = await service(kind, {
      onGraded: ({ outcome }) => outcomes.push(outcome),
      onFinished: ({ grade, change }) =>
        Promise.resolve(void told.push(`${change} ${grade.digest}`)),
    });
    const asked = await ask();
    workers.start();
    const done = await ended(asked.id);
    expect(done).toMatchObject({ state: 'done', attempts: 1 });
    const detail = await records.detail(done?.gradeId ?? '');
    expect(detail).toMatchObject({
      ...{ digest, origin: 'service' },
      scorecard: { image: `${registry.host}/team/app:1` },
      report: { contents: [{ platform: 'linux/amd64' }] },
    });
    expect([outcomes, told]).toEqual([['done'], [`first ${digest}`]]);
    // A job that comes again, as after a crash, changes nothing.
    await workers.grade(asked.id);
    expect(outcomes).toEqual(['done']);
    expect((await records.history(asked.image, { limit: 10 })).rows).toHaveLength(1);
  });

  test('grade what is due by what is known, and ask for what moved or may not be asked for', async () => {
    const outcomes: string[] = [];
    const { database, records, queue, workers, ask, ended } = await service(kind, {
      onGraded: ({ outcome }) => outcomes.push(outcome),
    });
    const bytes = new ImageBytes();
    const root = bytes.image({ config: { created: '2026-01-01T00:00:00Z' } });
    for (const repository of ['team/same', 'team/moved'])
      for (const [name, blob] of bytes.blobs)
        if (name === root.digest) registry.putManifest(repository, '1', blob, MEDIA_TYPE.manifest);
        else registry.putBlob(repository, blob);
    workers.start();
    const asks = [await ask('team/same'), await ask('team/moved')];
    for (const { id } of asks) expect((await ended(id))?.state).toBe('done');
    const other = new ImageBytes();
    const moved = other.image({ text: 'other' });
    for (const [name, blob] of other.blobs)
      if (name === moved.digest) registry.putManifest('team/moved', '1', blob, MEDIA_TYPE.manifest);
      else registry.putBlob('team/moved', blob);
    await database.query(
      `INSERT INTO image (name, is_tag, grade_id) SELECT '${registry.host}/other/app:1', true, id FROM grade LIMIT 1`,
    );
    await database.query(
      `INSERT INTO due SELECT id, now() - interval '1 day' FROM image
       ON CONFLICT (image_id) DO UPDATE SET due_at = excluded.due_at`,
    );
    registry.requests.length = outcomes.length = 0;
    await gradeAgain({ records, queue }, 9);
    const images = ['same', 'moved'].map((name) => ({
      ...{ registry: registry.host, repository: `team/${name}`, tag: '1' },
    }));
    const digests = async () =>
      Promise.all(
        images.map(async (image) =>
          (await records.history(image, { limit: 9 })).rows.map((row) => row.digest),
        ),
      );
    await until(async () => (await digests()).flat().length === 4);
    expect(await digests()).toEqual([
      [root.digest, root.digest],
      [moved.digest, root.digest],
    ]);
    await until(async () => (await records.counts()).asks.queued === 0);
    const rows = await database.query(
      `SELECT i.name, a.state, a.error FROM ask a JOIN image i ON i.id = a.image_id WHERE reason = 'daily' ORDER BY name DESC`,
    );
    expect(rows).toMatchObject([
      { name: `${registry.host}/team/moved:1`, state: 'done' },
      { name: `${registry.host}/other/app:1`, state: 'failed' },
    ]);
    expect(registry.calls.filter((call) => /team\/same|other/.test(call))).toEqual([
      'GET /v2/team/same/manifests/1',
    ]);
    expect(outcomes.toSorted()).toEqual(['done', 'done', 'image']);
  });

  test('a process that ends while it grades them grades each alone the third time', async () => {
    const { database, records, queue, workers, ask, ended } = await service(kind);
    workers.start();
    await ended((await ask()).id);
    await database.query(`UPDATE due SET due_at = now() - interval '1 day'`);
    const due = await records.takeDue(9);
    const job = { id: '', data: { due }, attempt: 3, signal: new AbortController().signal };
    await queue.stop({ seconds: 5 });
    await workers.again(job);
    const rows = await database.query(`SELECT state FROM ask WHERE reason = 'daily'`);
    expect(rows).toEqual([{ state: 'queued' }]);
  });

  test('take facts of layers from the database', async () => {
    const first = await service(kind);
    first.workers.start();
    await first.ended((await first.ask()).id);
    expect((await first.records.counts()).factBytes).toBeGreaterThan(100);
  });

  test('try a registry with a fault again, and say what it was where it stays so', async () => {
    const { records, workers, ask, ended } = await service(kind);
    registry.fail(/manifests\/1/, { do: 'status', status: 503 }, 5);
    const asked = await ask();
    workers.start();
    await until(async () => (await records.ask(asked.id))?.error !== undefined);
    expect((await ended(asked.id))?.state).toBe('done');
    expect((await records.ask(asked.id))?.attempts).toBe(2);
  });

  test('fail at once where it is the image, and mark what is gone', async () => {
    const { records, workers, ask, ended } = await service(kind);
    workers.start();
    const gone = await ask('team/missing');
    expect(await ended(gone.id)).toMatchObject({
      ...{ state: 'failed', attempts: 1 },
      error: { message: `${registry.host} does not have ${registry.host}/team/missing:1` },
    });
    expect((await records.image(gone.image))?.goneAt).toBeInstanceOf(Date);
    registry.requests.length = 0;
    const other = await ask('other/app');
    expect(await ended(other.id)).toMatchObject({
      ...{ state: 'failed', attempts: 1 },
      error: { message: `settings do not allow the repository ${registry.host}/other/app` },
    });
    expect(registry.calls).toEqual([]);
  });

  test('give back what is not done when they stop, and another finishes it', async () => {
    const { records, queue, workers, ask } = await service(kind);
    registry.fail(/manifests\/1/, { do: 'hang' }, 1);
    const asked = await ask();
    workers.start();
    await until(async () => (await records.ask(asked.id))?.state === 'running');
    await until(() => Promise.resolve(registry.calls.length > 0));
    await queue.stop({ seconds: 0 });
    await until(() => Promise.resolve(workers.pids.length === 0));
    expect((await records.ask(asked.id))?.state).not.toBe('failed');
    await workers.grade(asked.id);
    expect(await records.ask(asked.id)).toMatchObject({ state: 'done', attempts: 2 });
  });

  test('grade with the credentials of a request, in the process that has them', async () => {
    const { records, workers, ask } = await service(kind);
    const asked = await ask('team/app', { reason: 'harbor', here: true });
    await workers.grade(asked.id, { credentials: { username: 'robot', password: 'secret' } });
    expect((await records.ask(asked.id))?.state).toBe('done');
  });
});
