import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { startFollowing } from '../../src/service/follow.ts';
import type { ImageName } from '../../src/service/shapes.ts';
import { registerWebhooks } from '../../src/service/webhooks.ts';
import { ImageBytes } from '../fakes/images.ts';
import { madeGrade } from '../service/made.ts';
import { closeDatabase, newService } from '../service/service.ts';
import { allAsks, rule } from '../service/whole.ts';
import { serveRegistry } from './registry-server.ts';

afterAll(closeDatabase);

const SECRET = 'of-the-registry';

/** Docker's own registry, which tells the service of each push. */
async function open(webhooks: object = { docker: SECRET }) {
  const folder = mkdtempSync(join(tmpdir(), 'scoville-webhooks-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  // It is named before it has a port: what it is called in settings is in the hook's address.
  const service = await newService(
    { webhooks, registries: [rule('localhost', { repositories: ['team/*'] })] },
    { parts: [registerWebhooks] },
  );
  const url = await service.app.listen({ host: '127.0.0.1', port: 0 });
  const registry = await serveRegistry({
    folder,
    more: `notifications:
  events: {includereferences: true}
  endpoints:
    - name: scoville
      url: ${url}/hooks/docker?registry=localhost
      headers: {Authorization: [Bearer ${SECRET}]}
      timeout: 5s
      threshold: 1
      backoff: 100ms
`,
  });
  onTestFinished(() => registry.stop());
  return { ...service, host: `127.0.0.1:${registry.port}` };
}

async function put(url: string, bytes: Uint8Array, type: string): Promise<void> {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': type },
    body: bytes,
  });
  expect(response.status, await response.text()).toBe(201);
}

/** Blobs and manifests as a client pushes them, the last one under the tag too. */
async function push(
  host: string,
  repository: string,
  tag: string,
  bytes: ImageBytes,
): Promise<void> {
  const base = `http://${host}/v2/${repository}`;
  let last: readonly [Uint8Array, string] | undefined;
  for (const [digest, blob] of bytes.blobs) {
    const text = blob.toString('utf8');
    const type = text.startsWith('{"schemaVersion"')
      ? (JSON.parse(text) as { mediaType: string }).mediaType
      : undefined;
    if (type === undefined) {
      const begun = await fetch(`${base}/blobs/uploads/`, { method: 'POST' });
      const at = new URL(begun.headers.get('location') ?? '');
      at.searchParams.set('digest', digest);
      await put(at.href, blob, 'application/octet-stream');
      continue;
    }
    await put(`${base}/manifests/${digest}`, blob, type);
    last = [blob, type];
  }
  if (last !== undefined) await put(`${base}/manifests/${tag}`, ...last);
}

test('a push to a real registry asks for its grade, what hangs on it for nothing', async () => {
  const { host, database } = await open();
  const index = new ImageBytes();
  index.index([index.image()]);
  await push(host, 'team/index', '1', index);
  const image = new ImageBytes();
  const root = image.image();
  await push(host, 'team/app', '1', image);
  // As cosign and the referrers' fallback push them, and a chart; the last push is the mark.
  const attached = new ImageBytes();
  attached.signature();
  const tag = root.digest.replace(':', '-');
  await push(host, 'team/app', `${tag}.sig`, attached);
  const referrer = new ImageBytes();
  referrer.referrer(root);
  await push(host, 'team/app', tag, referrer);
  const chart = new ImageBytes();
  const config = chart.json({}, 'application/vnd.cncf.helm.config.v1+json');
  chart.json(
    { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [] },
    MEDIA_TYPE.manifest,
  );
  await push(host, 'team/chart', '1', chart);
  await push(host, 'other/app', '1', image);
  await push(host, 'team/app', '2', image);
  // Events come in the order of the pushes: with the last, all others were there.
  const asks = ['team/app:1', 'team/app:2', 'team/index:1'];
  await expect
    .poll(async () => [...(await allAsks({ database }))].sort(), { timeout: 60_000 })
    .toEqual(asks.map((name) => `localhost/${name} webhook docker`));
});

test('an event that the service could not keep comes again', async () => {
  const { host, database, queue } = await open();
  const ask = queue.ask.bind(queue);
  let refused = 0;
  queue.ask = (one) => {
    if (refused === 2) return ask(one);
    refused += 1;
    return Promise.reject(new Error('a bad moment'));
  };
  const image = new ImageBytes();
  image.image();
  await push(host, 'team/app', '1', image);
  await expect
    .poll(() => allAsks({ database }), { timeout: 60_000 })
    .toEqual(['localhost/team/app:1 webhook docker']);
  expect(refused).toBe(2);
});

test('tags of a real registry are followed', async () => {
  const { host, ...service } = await open();
  const { database, queue, records } = service;
  const settings = { ...service.settings, registries: [rule(host, { follow: ['team/*'] })] };
  startFollowing({ ...service, settings, queue: { ...queue, schedule: () => undefined } }, {});
  const followed = async (): Promise<readonly string[]> => {
    await queue.send('follow', {});
    await expect
      .poll(async () => (await queue.sizes()).follow, { timeout: 60_000 })
      .toEqual({ waiting: 0, running: 0 });
    return (await allAsks({ database })).filter((one) => one.includes(' follow')).sort();
  };
  const image = new ImageBytes();
  const { digest } = image.image();
  for (const tag of ['1', '2']) await push(host, 'team/app', tag, image);
  expect(await followed()).toEqual([`${host}/team/app:1 follow`, `${host}/team/app:2 follow`]);
  for (const { id } of await database.query<{ id: string }>(
    `SELECT id FROM ask WHERE reason = 'follow'`,
  )) {
    await records.start(id);
    const { scorecard } = madeGrade({ at: service.now() });
    await records.finish(id, { scorecard: { ...scorecard, digest } });
  }
  await database.query('DELETE FROM ask');
  expect(await followed()).toEqual([]);
  const moved = new ImageBytes();
  const next = moved.image({ text: 'moved' });
  await push(host, 'team/app', '2', moved);
  expect(await followed()).toEqual([`${host}/team/app:2 follow`]);
  const name: ImageName = { registry: host, repository: 'team/app', tag: '2' };
  expect((await records.image(name))?.digest).toBe(next.digest);
});
