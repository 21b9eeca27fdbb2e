import { expect, test } from 'vitest';
import { BlobStore } from '../../src/image/blob-store.ts';
import { signatureLayer, writeBundleReferrer, writeTagged } from '../../src/image/referrers.ts';
import { pushImage } from '../../src/image/registry/push.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import type { FakeRegistryOptions } from '../fakes/fake-registry.ts';
import { makeImage, makeIndex, temporaryFolder } from '../fakes/layouts.ts';
import { clientOf, registryOf } from '../fakes/registries.ts';

async function setUp(options: FakeRegistryOptions = {}) {
  const registry = await registryOf(options);
  const blobs = new BlobStore(temporaryFolder());
  await blobs.prepare();
  const image = await makeImage(blobs, [{ a: 'base' }, { b: 'app' }]);
  const root = await makeIndex(blobs, [image.manifest]);
  const referrers: Descriptor[] = [];
  for (const predicateType of ['https://example.org/a', 'https://example.org/b']) {
    const bundle = Buffer.from(predicateType);
    referrers.push(await writeBundleReferrer(blobs, { subject: root, bundle, predicateType }));
  }
  const client = clientOf(registry, { retries: 2 });
  const push = (tags = ['1', 'latest'], repository = 'app') =>
    pushImage({
      blobs,
      client,
      repository,
      root,
      referrers,
      tags,
      tagged: [],
      mountFrom: () => 'app',
    });
  return { registry, client, root, referrers, push };
}

test('tags come last, manifests after what they list', async () => {
  const { registry, root, push } = await setUp();
  const result = await push();
  expect(result.digest).toBe(root.digest);
  // config, two layers, the empty config, two bundles
  expect([result.uploaded.length, result.mounted.length, result.present.length]).toEqual([6, 0, 0]);
  expect(result.uploadedBytes).toBe(result.uploaded.reduce((sum, d) => sum + d.size, 0));
  const puts = registry.calls.filter((call) => call.startsWith('PUT /v2/app/manifests/'));
  expect(puts.slice(-2)).toEqual(['PUT /v2/app/manifests/1', 'PUT /v2/app/manifests/latest']);
  expect(registry.manifests.get('app:1')?.mediaType).toBe(MEDIA_TYPE.index);
  const lastBlob = registry.calls.findLastIndex((call) => call.includes('/blobs/'));
  expect(lastBlob).toBeLessThan(registry.calls.indexOf(puts[0] ?? ''));
});

test('a signature with a tag of its own comes before the image’s tags', async () => {
  const { registry, client, root } = await setUp();
  const blobs = new BlobStore(temporaryFolder());
  await blobs.prepare();
  const { manifest } = await makeImage(blobs, [{ a: 'b' }]);
  const payload = Buffer.from('{}');
  const signature = await writeTagged(blobs, root.digest, 'sig', [
    signatureLayer(payload, { 'dev.cosignproject.cosign/signature': 'x' }),
  ]);
  await pushImage({
    blobs,
    client,
    repository: 'app',
    root: manifest,
    referrers: [],
    tags: ['1'],
    tagged: [signature],
  });
  expect(
    registry.calls.filter((call) => call.startsWith('PUT /v2/app/manifests')).slice(1),
  ).toEqual([`PUT /v2/app/manifests/${signature.tag}`, 'PUT /v2/app/manifests/1']);
});

test('with the API no fallback tag is written', async () => {
  const { registry, client, root, referrers, push } = await setUp({ referrersApi: true });
  await push();
  expect([...registry.manifests.keys()].filter((key) => key.includes('sha256-'))).toEqual([]);
  const listed = await client.referrers('app', root.digest);
  expect(listed.map((d) => d.digest).sort()).toEqual(referrers.map((d) => d.digest).sort());
});

test('a second push sends no blob, one to a neighbour mounts them', async () => {
  const { registry, push } = await setUp();
  await push();
  registry.requests.length = 0;
  const again = await push();
  expect([again.uploaded.length, again.present.length]).toEqual([0, 6]);
  expect(registry.calls.filter((call) => call.startsWith('POST'))).toEqual([]);
  const neighbour = await push(['1'], 'other');
  expect(neighbour.mounted.length).toBe(6);
});

test.each<[string, RegExp]>([
  ['a blob', /PUT .*blobs/],
  ['a manifest', /PUT .*manifests\/sha256:/],
  ['the list of referrers', /PUT .*manifests\/sha256-/],
])('where %s fails nothing is tagged', async (_what, match) => {
  const { registry, push } = await setUp();
  registry.fail(match, { do: 'status', status: 500 }, 99);
  await expect(push()).rejects.toThrow(/answered 500/);
  expect([...registry.manifests.keys()].filter((key) => /:(1|latest)$/.test(key))).toEqual([]);
});
