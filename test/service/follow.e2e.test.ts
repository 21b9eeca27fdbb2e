import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { startFollowing } from '../../src/service/follow.ts';
import type { RegistryRule } from '../../src/service/settings.ts';
import type { ImageName } from '../../src/service/shapes.ts';
import { makeWorkers } from '../../src/service/worker.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/fake-registry.ts';
import { type Kind, KINDS, removeDatabases } from './databases.ts';
import { DAY_MS, madeGrade, SETTINGS } from './made.ts';
import { allAsks, openWhole, rule } from './whole.ts';

let registry: FakeRegistry;

beforeAll(async () => {
  registry = await startFakeRegistry({ auth: 'basic', username: 'reader', password: 'of-ours' });
});
afterEach(() => {
  registry.manifests.clear();
  registry.requests.length = registry.faults.length = 0;
});
afterAll(async () => {
  await removeDatabases();
  await registry.close();
});

/** Of this text, so that another text is another digest. */
function put(name: string, text = name): void {
  const colon = name.lastIndexOf(':');
  const bytes = Buffer.from(JSON.stringify({ mediaType: MEDIA_TYPE.manifest, text }));
  registry.putManifest(name.slice(0, colon), name.slice(colon + 1), bytes, MEDIA_TYPE.manifest);
}

const CREDENTIALS = { username: 'reader', password: 'of-ours' };

async function open(
  kind: Kind,
  follow: readonly string[],
  more: Partial<RegistryRule> = {},
  others: readonly RegistryRule[] = [],
) {
  const parts = await openWhole(kind, {
    registries: [...others, rule(registry.host, { follow, credentials: CREDENTIALS, ...more })],
    // One round when it starts; the others as the test says.
    every: { gradeSeconds: 86_400, followSeconds: 3600 },
  });
  const { deps, clock } = parts;
  // Only `look` and `ask` send jobs.
  startFollowing({ ...deps, queue: { ...deps.queue, schedule: () => undefined } }, {});
  // Its graders do not start: what is due becomes an ask each.
  const workers = makeWorkers(deps, { graders: 1, home: '/dev/null', env: {} });
  deps.queue.work('again', (job) => workers.again(job));
  const done = async (name: 'follow' | 'daily'): Promise<void> => {
    await deps.queue.send(name, {});
    for (const one of [name, 'again'] as const)
      await expect
        .poll(async () => (await deps.queue.sizes())[one], { timeout: 60_000 })
        .toEqual({ waiting: 0, running: 0 });
  };
  /** A round; gives what it asked for, without the host. */
  const look = async (name: 'follow' | 'daily' = 'follow'): Promise<readonly string[]> => {
    await deps.database.query('DELETE FROM ask');
    clock.at += 60_000;
    await done(name);
    return (await allAsks(deps)).map((one) => one.replace(`${registry.host}/`, '')).sort();
  };
  /** What was asked for is graded as the registry has it. */
  const gradeAll = async (): Promise<void> => {
    const rows = await deps.database.query<{ id: string }>(
      `SELECT id FROM ask WHERE state = 'queued'`,
    );
    for (const { id } of rows) {
      const ask = await deps.records.start(id);
      const { repository, tag } = ask?.image as ImageName;
      const bytes = registry.manifests.get(`${repository}:${tag}`)?.bytes.toString() ?? '';
      await deps.records.finish(id, madeGrade({ at: clock.at, bytes }));
    }
  };
  const image = (repository: string, tag: string) =>
    deps.records.image({ registry: registry.host, repository, tag });
  return { ...parts, look, gradeAll, image };
}

describe.each(KINDS)('in %s', (kind) => {
  describe('following', () => {
    test('asks for new tags by pattern, page by page, and for moved ones; no others', async () => {
      const { look, gradeAll, image } = await open(kind, ['team/*:1.*', 'single/app:*']);
      const attached = `sha256-${'a'.repeat(64)}`;
      for (const tag of ['1.0', '1.1', '1.2', '2.0', attached, `${attached}.sig`])
        put(`team/a:${tag}`);
      for (const name of ['team/b:1.5', 'other/c:1.0', 'single/app:latest']) put(name);
      const first = ['single/app:latest', 'team/a:1.0', 'team/a:1.1', 'team/a:1.2', 'team/b:1.5'];
      expect(await look()).toEqual(first.map((name) => `${name} follow`));
      await gradeAll();
      expect(await look()).toEqual([]);
      put('team/a:1.1', 'moved');
      put('team/a:1.3');
      expect(await look()).toEqual(['team/a:1.1 follow', 'team/a:1.3 follow']);
      expect((await image('team/a', '1.0'))?.isFollowed).toBe(true);
    });

    test('keeps a tag that went away, as gone, and takes it up again', async () => {
      const { look, gradeAll, image, clock } = await open(kind, ['team/*']);
      for (const name of ['team/a:1', 'team/a:2', 'team/b:1']) put(name);
      await look();
      await gradeAll();
      registry.manifests.delete('team/a:2');
      registry.manifests.delete('team/b:1');
      expect(await look()).toEqual([]);
      const at = new Date(clock.at);
      for (const [repository, tag] of [
        ['team/a', '2'],
        ['team/b', '1'],
      ] as const) {
        const row = await image(repository, tag);
        expect([row?.goneAt, row?.latest?.level]).toEqual([at, 3]);
      }
      expect(await image('team/a', '1')).not.toHaveProperty('goneAt');
      put('team/b:1');
      expect(await look()).toEqual(['team/b:1 follow']);
      expect(await image('team/b', '1')).not.toHaveProperty('goneAt');
    });

    test('what one registry, catalog or repository refuses stops no other, and nothing counts as gone', async () => {
      const away = rule('127.0.0.1:1', { follow: ['*'] });
      const { look, gradeAll, image, lines } = await open(kind, ['team/*', 'named/app'], {}, [
        away,
      ]);
      for (const name of ['team/a:1', 'team/b:1', 'named/app:1']) put(name);
      await look();
      await gradeAll();
      put('team/b:2');
      put('named/app:2');
      registry.fail(/_catalog|team\/a\/tags/, { do: 'status', status: 403 }, 10);
      expect(await look()).toEqual(['named/app:2 follow', 'team/b:2 follow']);
      expect(await image('team/a', '1')).not.toHaveProperty('goneAt');
      const told = lines.filter((line) => line.includes('was not followed')).join('\n');
      for (const what of ['127.0.0.1:1', 'the catalog was', 'team/a was'])
        expect(told).toContain(what);
      expect(told).not.toContain('of-ours');
    });

    test('what a round that ended early did not ask for, the next one asks for', async () => {
      const { deps, look } = await open(kind, ['team/*']);
      put('team/a:1');
      await deps.records.followTags(registry.host, 'team/a', ['1']);
      expect(await look()).toEqual(['team/a:1 follow']);
    });

    test('repositories that settings do not allow are not listed', async () => {
      const { look } = await open(kind, ['*'], { repositories: ['team/*'] });
      for (const name of ['team/a:1', 'secret/b:1']) put(name);
      expect(await look()).toEqual(['team/a:1 follow']);
      expect(registry.calls.filter((call) => call.includes('secret'))).toEqual([]);
    });

    test('an address that settings do not lead to is not asked', async () => {
      const { look, lines } = await open(kind, ['team/*']);
      put('team/a:1');
      registry.fail(/_catalog/, { do: 'redirect', to: 'http://127.0.0.1:9/v2/_catalog' });
      expect(await look()).toEqual([]);
      expect(lines.join('\n')).toContain('is not among the hosts that settings allow');
    });
  });

  describe('each day', () => {
    test('an image is asked for again when its grade is a day old, a part at a time, gone ones never', async () => {
      const { deps, look, gradeAll, clock } = await open(kind, ['team/*']);
      const tags = Array.from({ length: 25 }, (_, n) => `team/a:${n}`);
      for (const name of tags) put(name);
      await look();
      await gradeAll();
      expect(await look('daily')).toEqual([]);
      clock.at += DAY_MS;
      await deps.records.gone({ registry: registry.host, repository: 'team/a', tag: '0' });
      const parts = [await look('daily'), await look('daily'), await look('daily')];
      expect(parts.map(({ length }) => length)).toEqual([20, 4, 0]);
      expect(parts.flat().sort()).toEqual(
        tags
          .slice(1)
          .map((name) => `${name} daily`)
          .sort(),
      );
    });

    test('old grades and events are removed', async () => {
      const { deps, look, gradeAll, clock } = await open(kind, ['team/*']);
      put('team/a:1');
      for (let round = 0; round < 4; round++) {
        await deps.database.query(
          `INSERT INTO hook_event VALUES ('e${round}', now() - interval '8 days')`,
        );
        await deps.queue.ask({
          image: { registry: registry.host, repository: 'team/a', tag: '1' },
          reason: 'api',
        });
        await gradeAll();
        clock.at += SETTINGS.keepSeconds * 500;
      }
      await look('daily');
      const counts = await deps.database.query<{ n: number }>(
        'SELECT count(*) AS n FROM grade UNION ALL SELECT count(*) FROM hook_event',
      );
      expect(counts.map(({ n }) => n)).toEqual([1, 0]);
    });
  });

  test('the jobs are scheduled as settings say', async () => {
    const { deps } = await openWhole(kind, { every: { gradeSeconds: 86_400, followSeconds: 300 } });
    const said: unknown[] = [];
    const schedule = (...words: unknown[]): void => void said.push(words);
    startFollowing({ ...deps, queue: { ...deps.queue, schedule } }, {});
    expect(said).toEqual([
      ['follow', 300],
      ['daily', 600],
    ]);
  });
});
