import { expect, onTestFinished, test } from 'vitest';
import { digestOf } from '../../../src/model/digest.ts';
import { MEDIA_TYPE } from '../../../src/model/oci.ts';
import { RegistryClient } from '../../../src/oci/registry/registry-client.ts';
import { fallbackTag } from '../../../src/oci/registry/registry-referrers.ts';
import { type FakeRegistry, startFakeRegistry } from '../../fakes/fake-registry.ts';

const subject = digestOf('subject');
const referrer = (n: number) => ({
  mediaType: MEDIA_TYPE.manifest,
  digest: digestOf(`referrer ${n}`),
  size: n,
  artifactType: MEDIA_TYPE.sigstoreBundle,
});

async function setUp(): Promise<{ registry: FakeRegistry; client: RegistryClient }> {
  const registry = await startFakeRegistry();
  onTestFinished(() => registry.close());
  const credentials = (): Promise<undefined> => Promise.resolve(undefined);
  return { registry, client: new RegistryClient({ registry: registry.host, credentials }) };
}

test('an image without referrers has none', async () => {
  const { client } = await setUp();
  expect(await client.referrers('app', subject)).toEqual([]);
});

test('the fallback tag keeps what it lists and lists each once', async () => {
  const { registry, client } = await setUp();
  for (const n of [1, 2, 1]) await client.addToFallbackTag('app', subject, referrer(n));
  expect(await client.referrers('app', subject)).toEqual([referrer(1), referrer(2)]);
  expect(registry.calls.filter((call) => call.startsWith('PUT')).length).toBe(2);
});

test('an entry that another writer overwrote is written again', async () => {
  const { registry, client } = await setUp();
  const other = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [referrer(9)] };
  const overwrite = setInterval(() => {
    if (!registry.manifests.has(`app:${fallbackTag(subject)}`)) return;
    clearInterval(overwrite);
    registry.putManifest(
      'app',
      fallbackTag(subject),
      Buffer.from(JSON.stringify(other)),
      MEDIA_TYPE.index,
    );
  }, 0);
  await client.addToFallbackTag('app', subject, referrer(1));
  await client.addToFallbackTag('app', subject, referrer(1));
  expect(await client.referrers('app', subject)).toContainEqual(referrer(1));
});

test('a fallback tag that is an image is not overwritten', async () => {
  const { registry, client } = await setUp();
  const image = {
    schemaVersion: 2,
    config: referrer(1),
    layers: [],
    mediaType: MEDIA_TYPE.manifest,
  };
  registry.putManifest(
    'app',
    fallbackTag(subject),
    Buffer.from(JSON.stringify(image)),
    MEDIA_TYPE.manifest,
  );
  await expect(client.addToFallbackTag('app', subject, referrer(1))).rejects.toThrow(
    /not a list of referrers/,
  );
});
