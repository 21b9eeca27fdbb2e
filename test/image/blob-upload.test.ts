import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import type { FakeRegistry, FakeRegistryOptions } from '../fakes/fake-registry.ts';
import { clientOf, registryOf } from '../fakes/registries.ts';
import { chunksOf } from '../fakes/tar-bytes.ts';

const bytes = randomBytes(2_500_000);
const blob = { mediaType: 'x', digest: digestOf(bytes), size: bytes.length };

const from = (): AsyncIterable<Uint8Array> => chunksOf(bytes);

async function setUp(options: FakeRegistryOptions = {}) {
  const registry = await registryOf(options);
  const credential = { kind: 'basic', username: 'user', password: 'secret' } as const;
  return { registry, client: clientOf(registry, { credential, retries: 3, stallMs: 2000 }) };
}

const stored = (registry: FakeRegistry): boolean =>
  registry.blobs.get(`app@${blob.digest}`)?.equals(bytes) === true;
const verbs = (registry: FakeRegistry): string => registry.requests.map((r) => r.method).join(' ');

test.each(['none', 'basic', 'bearer'] as const)(
  'one PUT of known length (auth %s)',
  async (auth) => {
    const { registry, client } = await setUp({ auth });
    const done: number[] = [];
    const upload = { blob, open: from, onProgress: (n: number) => done.push(n) };
    expect(await client.pushBlob('app', upload)).toBe('uploaded');
    expect(stored(registry)).toBe(true);
    const put = registry.requests.findLast((r) => r.method === 'PUT');
    expect(put?.headers['content-length']).toBe(String(bytes.length));
    expect(put?.headers['transfer-encoding']).toBeUndefined();
    expect(done.at(-1)).toBe(bytes.length);
  },
);

test('a blob of a neighbour is mounted, with a token for both', async () => {
  const { registry, client } = await setUp({ auth: 'bearer' });
  registry.putBlob('base/debian', bytes);
  const upload = { blob, open: from, mountFrom: 'base/debian' };
  expect(await client.pushBlob('app', upload)).toBe('mounted');
  expect(registry.requests.some((r) => r.method === 'PUT')).toBe(false);
  expect(stored(registry)).toBe(true);
});

test.each([202, 403])('where it cannot be mounted (%d) it is sent', async (status) => {
  const { registry, client } = await setUp({ mounts: false });
  if (status !== 202) registry.fail(/mount=/, { do: 'status', status });
  const upload = { blob, open: from, mountFrom: 'base/debian' };
  expect(await client.pushBlob('app', upload)).toBe('uploaded');
  expect(stored(registry)).toBe(true);
});

test.each([false, true])(
  'after a dropped connection it is sent again (forgotten there: %s)',
  async (forget) => {
    const { registry, client } = await setUp();
    registry.fail(/PUT/, { do: 'cut-upload', after: 1_000_000, forget });
    expect(await client.pushBlob('app', { blob, open: from })).toBe('uploaded');
    expect(stored(registry)).toBe(true);
    expect(verbs(registry)).toBe('HEAD POST PUT HEAD POST PUT');
  },
);

test('a 500 is tried again, a connection that keeps dropping is told', async () => {
  const { registry, client } = await setUp();
  registry.fail(/PUT/, { do: 'status', status: 500 });
  expect(await client.pushBlob('app', { blob, open: from })).toBe('uploaded');
  registry.blobs.clear();
  registry.fail(/PUT/, { do: 'cut-upload', after: 1000 }, 99);
  const failed = client.pushBlob('app', { blob, open: from });
  await expect(failed).rejects.toThrow(/^pushing blob sha256:[0-9a-f]{64} to app: /);
  await expect(failed).rejects.toHaveProperty('name', 'UserError');
  expect(registry.blobs.size).toBe(0);
});

test('our own read failure is told as such and not tried again', async () => {
  const { registry, client } = await setUp();
  const open = async function* (): AsyncIterable<Uint8Array> {
    await Promise.resolve();
    yield bytes.subarray(0, 10);
    throw new Error('disk is gone');
  };
  await expect(client.pushBlob('app', { blob, open })).rejects.toThrow('disk is gone');
  expect(registry.requests.filter((r) => r.method === 'PUT').length).toBeLessThanOrEqual(1);
});

test('an empty blob', async () => {
  const { registry, client } = await setUp();
  const empty = { mediaType: 'x', digest: digestOf(''), size: 0 };
  expect(await client.pushBlob('app', { blob: empty, open: from })).toBe('uploaded');
  expect(registry.blobs.get(`app@${empty.digest}`)?.length).toBe(0);
});
