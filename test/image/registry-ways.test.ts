import { expect, onTestFinished, test } from 'vitest';
import { RegistryClient } from '../../src/image/registry/client.ts';
import { type ConnectionOptions, RegistryConnection } from '../../src/image/registry/connection.ts';
import { UserError } from '../../src/lib/errors.ts';
import { networkFetch } from '../../src/lib/fetch.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { Authority, Servers } from '../fakes/company.ts';
import type { FakeRegistry } from '../fakes/fake-registry.ts';
import { registryOf } from '../fakes/registries.ts';

const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] }),
);
const DIGEST = digestOf(Buffer.from('something'));
const unverified = networkFetch({}, '/nonexistent', { isVerified: false });
const USER = { kind: 'basic', username: 'me', password: 'secret' } as const;

async function tlsServer(): Promise<{ readonly port: number; readonly asked: string[] }> {
  const servers = new Servers();
  onTestFinished(() => servers.close());
  const asked: string[] = [];
  const port = await servers.tls(
    new Authority('Nobody').server('host.test'),
    (request, response) => {
      asked.push(`${request.url ?? ''} ${request.headers.authorization ?? 'nobody'}`);
      response.setHeader('content-type', MEDIA_TYPE.index).end(manifest);
    },
  );
  return { port, asked };
}

/** A name that is not loopback by its spelling, and leads to this machine. */
const client = (host: string, options: Partial<ConnectionOptions>): RegistryClient =>
  new RegistryClient({
    registry: host,
    credentials: () => Promise.resolve(USER),
    backoffMs: () => 1,
    unverified,
    ...options,
  });

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a registry of TLS that nobody trusts is not asked, unless the engine calls it insecure', async () => {
  const { port, asked } = await tlsServer();
  const secure = client(`0.0.0.0:${port}`, { insecure: () => Promise.resolve(false) });
  expect(await failure(secure.findManifest('app', '1'))).toMatchObject({
    message: expect.stringMatching(/cannot reach 0\.0\.0\.0:\d+ \(\w*VERIFY|CERT\w*\)/) as string,
    nextStep: expect.stringContaining(`~/.docker/certs.d/0.0.0.0:${port}/ca.crt`) as string,
  });
  expect(asked).toEqual([]);
  const insecure = client(`0.0.0.0:${port}`, { insecure: () => Promise.resolve(true) });
  expect((await insecure.findManifest('app', '1'))?.bytes).toEqual(manifest);
  expect(asked).toEqual(['/v2/ nobody', '/v2/app/manifests/1 nobody']);
});

async function fake(): Promise<FakeRegistry> {
  const registry = await registryOf({ auth: 'basic', username: 'me', password: 'secret' });
  registry.putManifest('app', '1', manifest, MEDIA_TYPE.index);
  return registry;
}

test('plain HTTP comes last, for insecure registries alone; calls at once agree on it', async () => {
  const registry = await fake();
  const host = registry.host.replace('127.0.0.1', '0.0.0.0');
  let questions = 0;
  const insecure = (answer: boolean) => () => {
    questions++;
    return Promise.resolve(answer);
  };
  const refused = await failure(
    client(host, { insecure: insecure(false) }).findManifest('app', '1'),
  );
  expect(refused).toBeInstanceOf(UserError);
  expect(registry.requests).toEqual([]);
  questions = 0;
  const asked = client(host, { insecure: insecure(true) });
  const found = await Promise.all([1, 2, 3].map(() => asked.findManifest('app', '1')));
  expect(found.map((one) => one?.bytes.length)).toEqual(Array(3).fill(manifest.length));
  expect(questions).toBe(1);
});

test('this machine is asked by plain HTTP, then by TLS with any certificate', async () => {
  const { port, asked } = await tlsServer();
  expect((await client(`127.0.0.1:${port}`, {}).findManifest('app', '1'))?.bytes).toEqual(manifest);
  expect(asked).toEqual(['/v2/ nobody', '/v2/app/manifests/1 nobody']);
});

test('a registry that answered once is not asked in another way on a bad day', async () => {
  const registry = await registryOf();
  const here = client(registry.host, { retries: 0 });
  expect(await here.findManifest('app', '1')).toBeUndefined();
  await registry.close();
  expect(await failure(here.findManifest('app', '1'))).toMatchObject({
    message: expect.stringContaining('(ECONNREFUSED)') as string,
  });
});

test('the choice of plain HTTP is not second-guessed', async () => {
  const { port, asked } = await tlsServer();
  const plain = client(`127.0.0.1:${port}`, { plainHttp: true, retries: 0 });
  expect(await failure(plain.findManifest('app', '1'))).toBeInstanceOf(UserError);
  expect(asked).toEqual([]);
});

function mirrored(own: FakeRegistry, ...mirrors: readonly FakeRegistry[]): RegistryClient {
  const connections = mirrors.map(
    ({ host }) =>
      new RegistryConnection({
        registry: host,
        credentials: () => Promise.resolve(undefined),
        base: new URL(`http://${host}/v2/`),
      }),
  );
  return client(own.host, { mirrors: () => Promise.resolve(connections) });
}

test('a mirror is asked first, without the password of the registry, and passed over where it has none', async () => {
  const [own, empty, mirror] = await Promise.all([fake(), registryOf(), registryOf()]);
  mirror.putManifest('app', '1', manifest, MEDIA_TYPE.index);
  const reader = mirrored(own, empty, mirror);
  expect((await reader.findManifest('app', '1'))?.bytes).toEqual(manifest);
  expect(own.requests).toEqual([]);
  expect(empty.calls).toEqual(['GET /v2/app/manifests/1']);
  mirror.manifests.clear();
  mirror.fail(/GET/, { do: 'status', status: 500 }, 9);
  expect((await reader.findManifest('app', '1'))?.bytes).toEqual(manifest);
  const shown = [...empty.requests, ...mirror.requests].map((r) => r.authorization);
  expect(new Set(shown)).toEqual(new Set([undefined]));
});

test('what a mirror gives is what the digest says, or an error', async () => {
  const [own, mirror] = await Promise.all([fake(), registryOf()]);
  const digest = own.putManifest('app', '1', manifest, MEDIA_TYPE.index);
  mirror.manifests.set(`app@${digest}`, { bytes: Buffer.from('{}'), mediaType: MEDIA_TYPE.index });
  const error = await failure(mirrored(own, mirror).findManifest('app', digest));
  expect(String(error)).toContain('gave other content');
});

test('signatures are looked for at the registry, at a mirror only where that is out of reach', async () => {
  const [own, mirror] = await Promise.all([
    registryOf({ referrersApi: true }),
    registryOf({ referrersApi: true }),
  ]);
  const reader = mirrored(own, mirror);
  expect(await reader.referrers('app', DIGEST)).toEqual([]);
  expect(mirror.requests).toEqual([]);
  await own.close();
  expect(await reader.referrers('app', DIGEST)).toEqual([]);
  expect(mirror.calls).toEqual([`GET /v2/app/referrers/${DIGEST}`]);
});

test('nothing is pushed by way of a mirror', async () => {
  const [own, mirror] = await Promise.all([registryOf(), registryOf()]);
  const reader = mirrored(own, mirror);
  await reader.putManifest('app', '1', { bytes: manifest, mediaType: MEDIA_TYPE.index });
  await reader.hasBlob('app', DIGEST);
  expect(mirror.requests).toEqual([]);
});
