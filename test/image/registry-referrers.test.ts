import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { RegistryClient } from '../../src/image/registry/client.ts';
import { fallbackTag } from '../../src/image/registry/client.ts';
import { fallbackList, updateSharedTag } from '../../src/image/registry/shared-tag.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import type { FakeRegistryOptions } from '../fakes/fake-registry.ts';
import { clientOf, registryOf } from '../fakes/registries.ts';

const subject = digestOf('subject');
const referrer = (n: number) => ({
  mediaType: MEDIA_TYPE.manifest,
  digest: digestOf(`referrer ${n}`),
  size: n,
  artifactType: MEDIA_TYPE.sigstoreBundle,
});

async function setUp(options: FakeRegistryOptions = {}) {
  const registry = await registryOf(options);
  return { registry, client: clientOf(registry) };
}

test.each([
  [200, 'text/html'],
  [200, 'application/json'],
  [200, ''],
  [200, `${MEDIA_TYPE.index}x`],
])('an answer %i of %j is no list, and no image without one', async (status, type) => {
  const server = createServer((_, response) => {
    response.writeHead(status, type === '' ? {} : { 'content-type': type });
    response.end('<html>Sign in</html>');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    server.close();
  });
  const client = clientOf({ host: `127.0.0.1:${(server.address() as AddressInfo).port}` });
  await expect(client.referrers('app', subject)).rejects.toThrow(/answered the list of referrers/);
});

test.each([400, 403, 405, 500])('%i does not say that there is no list', async (status) => {
  const { registry, client } = await setUp();
  registry.fail(/^GET .*referrers/, { do: 'status', status }, 99);
  await expect(client.referrers('app', subject)).rejects.toThrow();
});

const nothing = (): Promise<boolean> => Promise.resolve(false);
const add = (client: RegistryClient, ...ns: readonly number[]): Promise<boolean> =>
  updateSharedTag(client, 'app', fallbackList('app', subject, ns.map(referrer), nothing));

test('the fallback tag keeps what it lists and lists each once', async () => {
  const { registry, client } = await setUp();
  for (const n of [1, 2, 1]) await add(client, n);
  expect(await client.referrers('app', subject)).toEqual([referrer(1), referrer(2)]);
  expect(registry.calls.filter((call) => call.startsWith('PUT')).length).toBe(2);
});

test('what is replaced leaves the list, all else stays as it was', async () => {
  const { registry, client } = await setUp();
  const other = { ...referrer(9), data: 'e30=', annotations: { by: 'another' } };
  const before = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [referrer(1), other] };
  const bytes = Buffer.from(JSON.stringify(before));
  registry.putManifest('app', fallbackTag(subject), bytes, MEDIA_TYPE.index);
  const isFirst = ({ digest }: Descriptor) => Promise.resolve(digest === referrer(1).digest);
  await updateSharedTag(client, 'app', fallbackList('app', subject, [referrer(2)], isFirst));
  expect(await client.referrers('app', subject)).toEqual([other, referrer(2)]);
});

test('of many that write at once none is lost where the registry knows conditions', async () => {
  const { registry, client } = await setUp({ conditions: true });
  registry.fail(/^PUT/, { do: 'delay', ms: 20 }, 3);
  const ns = [1, 2, 3, 4, 5, 6];
  await Promise.all(ns.map((n) => add(client, n)));
  const found = await client.referrers('app', subject);
  expect(found.map(({ size }) => size).sort()).toEqual(ns);
});

test('a registry that refuses every condition is written to all the same', async () => {
  const { registry, client } = await setUp();
  registry.fail(/^PUT/, { do: 'status', status: 412 }, 1);
  await add(client, 1);
  expect(await client.referrers('app', subject)).toEqual([referrer(1)]);
});

test('a registry that loses what is written ends with an error', async () => {
  const { registry, client } = await setUp();
  registry.fail(/^PUT/, { do: 'status', status: 201 }, 100);
  await expect(add(client, 1)).rejects.toThrow(/keeps changing while it is written/);
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
  await expect(add(client, 1)).rejects.toThrow(/not a list of referrers/);
});
