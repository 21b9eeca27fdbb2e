import { randomBytes } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { Credential } from '../../src/image/registry/credentials.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { collect, failure } from '../fakes/layouts.ts';
import { clientOf, registryOf } from '../fakes/registries.ts';

const USER: Credential = { kind: 'basic', username: 'user', password: 'secret' };

const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] }),
);
const blobBytes = randomBytes(3_000_000);
const blob = { mediaType: 'x', digest: digestOf(blobBytes), size: blobBytes.length };

describe('manifests', () => {
  test('content that is not what the digest says is refused', async () => {
    const registry = await registryOf();
    const digest = registry.putManifest('app', '1', manifest, MEDIA_TYPE.index);
    registry.fail(/GET/, { do: 'corrupt' }, 2);
    const client = clientOf(registry);
    expect((await failure(client.getManifest('app', digest))).message).toMatch(
      /gave other content/,
    );
    expect((await failure(client.getManifest('app', '1'))).message).toMatch(/gave other content/);
  });

  test('a missing manifest says what to check', async () => {
    const registry = await registryOf();
    const error = await failure(clientOf(registry).getManifest('app', 'none'));
    expect(error.message).toBe(`${registry.host} has no app:none`);
    expect(error.nextStep).toContain('docker login');
  });
});

describe('who asks', () => {
  test('a bearer token is fetched once per scope and reused', async () => {
    const registry = await registryOf({ auth: 'bearer' });
    registry.putManifest('app', '1', manifest, MEDIA_TYPE.index);
    const client = clientOf(registry, { credential: USER });
    await client.getManifest('app', '1');
    await client.getManifest('app', '1');
    expect(registry.calls.filter((call) => call === 'GET /token').length).toBe(1);
    await client.putManifest('app', '2', { bytes: manifest, mediaType: MEDIA_TYPE.index });
    expect(registry.calls.filter((call) => call === 'GET /token').length).toBe(2);
    const token = registry.requests.find((r) => r.url.startsWith('/token'));
    expect(token?.url).toBe('/token?service=fake+registry&scope=repository%3Aapp%3Apull');
  });

  test('an identity token is traded in for an access token', async () => {
    const registry = await registryOf({ auth: 'bearer', password: 'refresh' });
    registry.putManifest('app', '1', manifest, MEDIA_TYPE.index);
    const client = clientOf(registry, { credential: { kind: 'identity-token', token: 'refresh' } });
    expect((await client.getManifest('app', '1')).descriptor.digest).toBe(digestOf(manifest));
    expect(registry.calls).toContain('POST /token');
  });

  test('basic is shown after the challenge, not before', async () => {
    const registry = await registryOf({ auth: 'basic' });
    registry.putManifest('app', '1', manifest, MEDIA_TYPE.index);
    await clientOf(registry, { credential: USER }).getManifest('app', '1');
    expect(registry.requests.map((r) => r.authorization?.slice(0, 5))).toEqual([
      undefined,
      'Basic',
    ]);
  });

  test.each(['basic', 'bearer'] as const)(
    'a refused password (%s) says docker login',
    async (auth) => {
      const registry = await registryOf({ auth, password: 'other' });
      const error = await failure(clientOf(registry, { credential: USER }).getManifest('app', '1'));
      expect(error.message).toBe(`fetching app:1: ${registry.host} answered 401`);
      expect(error.nextStep).toBe(`Run \`docker login ${registry.host}\`.`);
      expect(JSON.stringify(error)).not.toContain('secret');
    },
  );

  test('a token server without TLS elsewhere gets no password', async () => {
    const registry = await registryOf();
    registry.fail(
      /GET .*manifests/,
      {
        do: 'status',
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="http://evil.example/token"' },
      },
      9,
    );
    const error = await failure(clientOf(registry, { credential: USER }).getManifest('app', '1'));
    expect(error.message).toMatch(/token server that is not an https address/);
  });

  test('a redirect to another host carries no credentials, nor may that host ask for them', async () => {
    const registry = await registryOf({ auth: 'basic' });
    const storage = await registryOf({ auth: 'basic' });
    storage.putBlob('app', blobBytes);
    registry.fail(/GET .*blobs/, {
      do: 'status',
      status: 401,
      headers: { 'www-authenticate': 'Basic' },
    });
    registry.fail(/GET .*blobs/, {
      do: 'redirect',
      to: `http://${storage.host}/v2/app/blobs/${blob.digest}`,
    });
    const client = clientOf(registry, { credential: USER });
    const error = await failure(collect(client.getBlob('app', blob)));
    expect(error.message).toMatch(/answered 401/);
    expect(registry.requests.at(-1)?.authorization).toMatch(/^Basic/);
    expect(storage.requests.map((r) => r.authorization)).toEqual([undefined]);
  });
});

describe('bad days', () => {
  test('500 passes after some tries, and is told when it stays', async () => {
    const registry = await registryOf();
    registry.putManifest('app', '1', manifest, MEDIA_TYPE.index);
    registry.fail(/GET .*manifests/, { do: 'status', status: 500 }, 3);
    const client = clientOf(registry);
    expect((await client.getManifest('app', '1')).descriptor.size).toBe(manifest.length);
    registry.fail(
      /GET/,
      {
        do: 'status',
        status: 503,
        body: '{"errors":[{"code":"UNAVAILABLE","message":"full\\u001b[2J"}]}',
      },
      99,
    );
    const error = await failure(client.getManifest('app', '1'));
    expect(error.message).toBe(
      `fetching app:1: ${registry.host} answered 503 (UNAVAILABLE: full [2J)`,
    );
    // Three that failed and one that passed, then five that failed.
    expect(registry.calls.filter((c) => c.startsWith('GET')).length).toBe(9);
  });

  test.each([
    ['as long as', (until: number) => String(Math.round((until - Date.now()) / 1000))],
    ['until the time', (until: number) => new Date(until).toUTCString()],
  ])('429 waits %s it is told', async (_way, after) => {
    const registry = await registryOf();
    registry.putManifest('app', '1', manifest, MEDIA_TYPE.index);
    const until = Math.ceil((Date.now() + 1000) / 1000) * 1000;
    const headers = { 'retry-after': after(until) };
    registry.fail(/GET .*manifests/, { do: 'status', status: 429, headers });
    const before = Date.now();
    await clientOf(registry).getManifest('app', '1');
    expect(Date.now() - before).toBeGreaterThanOrEqual(990);
  });

  test('nobody there is told at once', async () => {
    const client = clientOf({ host: '127.0.0.1:3' }, { backoffMs: () => 10_000 });
    const error = await failure(client.getManifest('app', '1'));
    expect(error.message).toMatch(/cannot reach 127\.0\.0\.1:3 \(ECONNREFUSED\)/);
  });

  test('an answer that never comes is given up', async () => {
    const registry = await registryOf();
    registry.fail(/GET .*manifests/, { do: 'hang' }, 9);
    const client = clientOf(registry, { stallMs: 1000, retries: 1 });
    expect((await failure(client.getManifest('app', '1'))).message).toMatch(
      /did not answer in time/,
    );
    expect(registry.requests.length).toBe(2);
  });

  test('an abort ends the call, and no other try follows', async () => {
    const registry = await registryOf();
    registry.fail(/GET .*manifests/, { do: 'hang' }, 9);
    const controller = new AbortController();
    const client = clientOf(registry, { signal: controller.signal });
    const resolving = client.getManifest('app', '1');
    resolving.catch(() => undefined);
    await vi.waitFor(
      () => {
        expect(registry.requests.length).toBe(1);
      },
      { timeout: 10_000 },
    );
    controller.abort();
    await expect(resolving).rejects.toThrow(/abort/i);
    expect(registry.requests.length).toBe(1);
  });
});

describe('blobs', () => {
  test.each(['cut-download', 'stall-download'] as const)(
    '%s: goes on where it broke',
    async (kind) => {
      const registry = await registryOf();
      registry.putBlob('app', blobBytes);
      registry.fail(/GET/, { do: kind, after: 1_000_000 }, 2);
      const got = await collect(clientOf(registry, { stallMs: 1000 }).getBlob('app', blob));
      expect(got.equals(blobBytes)).toBe(true);
      const ranges = registry.requests.map((r) => r.headers.range);
      expect(ranges[0]).toBeUndefined();
      expect(ranges.slice(1).every((range) => /^bytes=\d+-$/.test(range ?? ''))).toBe(true);
    },
  );

  test('a download that keeps breaking is told', async () => {
    const registry = await registryOf();
    registry.putBlob('app', blobBytes);
    registry.fail(/GET/, { do: 'cut-download', after: 10 }, 99);
    const error = await failure(collect(clientOf(registry, { retries: 2 }).getBlob('app', blob)));
    expect(error.message).toMatch(/^fetching blob sha256:.* was cut off$/);
  });

  test('other content, or more of it, is refused', async () => {
    const registry = await registryOf();
    registry.putBlob('app', blobBytes);
    registry.fail(/GET/, { do: 'corrupt' });
    const client = clientOf(registry);
    expect((await failure(collect(client.getBlob('app', blob)))).message).toMatch(/other content/);
    const short = { ...blob, size: 5 };
    expect((await failure(collect(client.getBlob('app', short)))).message).toMatch(/sends more/);
  });
});
