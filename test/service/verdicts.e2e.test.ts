import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import { assembleScorecard } from '../../src/criteria/score.ts';
import { openRegistryImage } from '../../src/image/registry/open-registry.ts';
import { runTool } from '../../src/lib/run-tool.ts';
import type { CriterionResult } from '../../src/model/criterion.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import type { Scorecard } from '../../src/model/scorecard.ts';
import { handsOf } from '../../src/service/hands.ts';
import { openLog } from '../../src/service/log.ts';
import type { ServiceSettings } from '../../src/service/settings.ts';
import { workAttach } from '../../src/service/verdicts.ts';
import { generateKeyPair, signStatement } from '../../src/trust/cosign.ts';
import { trustedSigners } from '../../src/trust/trusted-signers.ts';
import { verdictStatements } from '../../src/trust/verdict.ts';
import { verifyImage } from '../../src/trust/verify-image.ts';
import { contextOf } from '../config/pipeline-context.ts';
import type { FakeRegistry } from '../fakes/fake-registry.ts';
import { clientOf, registryOf } from '../fakes/registries.ts';
import { layerTar } from '../fakes/tar-bytes.ts';
import {
  bearer,
  closeDatabase,
  newFolder,
  newService,
  serviceSettings,
  type Service,
} from './service.ts';

afterAll(closeDatabase);

const NOW = Date.parse('2026-06-01T12:00:00Z');
const GRADED_AT = '2026-06-01T11:00:00.000Z';

/** An image of one layer in a registry. */
function pushed(
  registry: FakeRegistry,
  text: string,
  tag = '1',
): { digest: Digest; bytes: Buffer } {
  const tar = layerTar({ 'etc/motd': text });
  const layer = gzipSync(tar);
  const config = Buffer.from(
    JSON.stringify({
      ...{ os: 'linux', architecture: 'amd64' },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  );
  const blob = (bytes: Buffer, mediaType: string) => {
    registry.putBlob('team/app', bytes);
    return { mediaType, digest: digestOf(bytes), size: bytes.length };
  };
  const bytes = Buffer.from(
    JSON.stringify({
      ...{ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest },
      config: blob(config, MEDIA_TYPE.config),
      layers: [blob(layer, MEDIA_TYPE.layerGzip)],
    }),
  );
  registry.putManifest('team/app', tag, bytes, MEDIA_TYPE.manifest);
  return { digest: digestOf(bytes), bytes };
}

/** All criteria up to a level pass, the others fail. */
function scorecardOf(image: string, digest: Digest, level: number): Scorecard {
  const criteria = CATALOGUE.map((one): CriterionResult => ({
    ...{ id: one.id, title: one.title, vector: one.vector, level: one.level, spec: one.spec },
    ...{ outcome: one.level <= level ? 'pass' : 'fail', summary: 'so', source: 'image' },
    ...{ evidence: [], remedies: [] },
  }));
  return assembleScorecard({
    ...{ toolVersion: '1.0.0', image, digest, gradedAt: GRADED_AT },
    platforms: [{ platform: 'linux/amd64', digest, criteria }],
  });
}

interface Build {
  readonly folder: string;
  readonly image: string;
  readonly digest: Digest;
  readonly bytes: Buffer;
  readonly level?: number;
  readonly key?: string;
}

/** What a build signs about its image: the bundles of its verdict. */
async function bundlesOf({
  folder,
  image,
  digest,
  bytes,
  level = 3,
  key = 'mine',
}: Build): Promise<object[]> {
  const subject = { mediaType: MEDIA_TYPE.manifest, digest, size: bytes.length };
  const scorecard = scorecardOf(image, digest, level);
  const statements = verdictStatements(
    contextOf(runTool, folder),
    { name: image, subject, also: [] },
    { scorecard, contents: [] },
    DEFAULT_SETTINGS,
  );
  writeFileSync(join(folder, 'manifest'), bytes);
  const signer = { kind: 'key', ref: join(folder, key, 'cosign.key'), password: '' } as const;
  const bundles: object[] = [];
  for (const { predicateType, predicate } of statements) {
    const manifestPath = join(folder, 'manifest');
    const bundle = await signStatement(runTool, signer, { manifestPath, predicateType, predicate });
    bundles.push(JSON.parse(Buffer.from(bundle).toString()) as object);
  }
  return bundles;
}

interface Place {
  readonly folder: string;
  readonly registry: FakeRegistry;
  readonly service: Service;
  readonly hands: ReturnType<typeof handsOf>;
}

/** The service, a registry that it may ask, and keys: mine, which it trusts, and another. */
async function place(
  more: (folder: string) => Partial<ServiceSettings> = () => ({}),
): Promise<Place> {
  const folder = await newFolder();
  for (const name of ['mine', 'other']) await generateKeyPair(runTool, join(folder, name), '');
  const registry = await registryOf({ referrersApi: true });
  const settings: Partial<ServiceSettings> = {
    registries: [
      {
        ...{ host: registry.host, repositories: ['team/*'], follow: [], plainHttp: true, also: [] },
        isPrivate: true,
      },
    ],
    trust: { images: [], keys: [join(folder, 'mine/cosign.pub')], identities: [], bases: [] },
    ...more(folder),
  };
  const home = join(folder, 'home');
  const hands = handsOf(
    {
      settings: serviceSettings(settings),
      log: openLog(() => undefined, Date.now),
      now: () => NOW,
    },
    { home, env: process.env },
  );
  const service = await newService(settings, { hands });
  return { folder, registry, service, hands };
}

test('a verdict that a trusted key signed is the grade of the image, once', async () => {
  const { folder, registry, service } = await place();
  const image = `${registry.host}/team/app:1`;
  const bundles = await bundlesOf({ folder, image, ...pushed(registry, 'hello') });
  const headers = bearer(await service.secret('verdict'));
  const send = () =>
    service.inject({
      method: 'POST',
      url: '/api/v1/verdicts',
      headers,
      payload: { image, bundles },
    });
  const first = await send();
  expect(first.json()).toMatchObject({
    ...{ image, origin: 'verdict', level: 3, gradedAt: '2026-06-01T11:00:00.000Z' },
    signer: 'cosign.pub',
    scoville: '0.0.0-test',
  });
  expect(first.statusCode).toBe(201);
  const again = await send();
  expect([again.statusCode, again.json<{ id: string }>().id]).toEqual([
    ...[200, first.json<{ id: string }>().id],
  ]);
  const shown = await service.inject({ url: String(first.headers['location']) });
  expect(shown.json()).toMatchObject({ status: 'done', grade: { scorecard: { level: 3 } } });
  const badge = await service.inject({ url: `/badge/${image}/level.json` });
  expect(badge.json()).toMatchObject({ message: '3 Scotch Bonnet' });
});

test('what is unsigned, of another signer, or about something else is refused', async () => {
  const { folder, registry, service } = await place();
  const image = `${registry.host}/team/app:1`;
  const now = pushed(registry, 'hello');
  const good = await bundlesOf({ folder, image, ...now });
  const [summary = {}, tests = {}] = good;
  const others = await bundlesOf({ folder, image, ...now, key: 'other' });
  const higher = await bundlesOf({ folder, image, ...now, level: 5 });
  const elsewhere = await bundlesOf({ folder, image: `${registry.host}/team/other:1`, ...now });
  const before = await bundlesOf({ folder, image, ...pushed(registry, 'before', 'old') });
  const changed = structuredClone(summary) as { dsseEnvelope: { payload: string } };
  const payload = Buffer.from(changed.dsseEnvelope.payload, 'base64').toString();
  changed.dsseEnvelope.payload = Buffer.from(payload.replace('LEVEL_3', 'LEVEL_4')).toString(
    'base64',
  );
  const bare = JSON.parse(payload) as object;
  const envelope = structuredClone(summary) as { dsseEnvelope: { signatures: unknown[] } };
  envelope.dsseEnvelope.signatures = [];
  const cases: readonly (readonly [string, object[], number, string])[] = [
    ['another key', others, 403, 'unknown-signer'],
    ['two keys', [summary, others[1] ?? {}], 403, 'unknown-signer'],
    ['a payload that was changed', [changed, tests], 403, 'unknown-signer'],
    ['no signature in the envelope', [envelope, tests], 403, 'unknown-signer'],
    ['a statement that nobody signed', [bare, tests], 422, 'not-a-verdict'],
    ['no bundle', [{}, {}], 422, 'not-a-verdict'],
    ['half of it', [summary, summary], 422, 'not-a-verdict'],
    ['the test result of another verdict', [summary, higher[1] ?? {}], 422, 'not-a-verdict'],
    ['another repository', elsewhere, 422, 'not-a-verdict'],
    ['what the tag was not', before, 422, 'not-a-verdict'],
    ['one bundle', [summary], 400, 'malformed'],
  ];
  const headers = bearer(await service.secret('verdict'));
  const answers = [];
  for (const [name, bundles] of cases) {
    const answer = await service.inject({
      ...{ method: 'POST', url: '/api/v1/verdicts', headers },
      payload: { image, bundles },
    });
    answers.push([name, answer.statusCode, answer.json<{ type: string }>().type]);
  }
  expect(answers).toEqual(
    cases.map(([name, , status, type]) => [name, status, `/problems/${type}`]),
  );
  const missing = { image: `${registry.host}/team/app:9`, bundles: good };
  const foreign = { image: 'other.example.com/team/app:1', bundles: good };
  for (const [body, status] of [
    [missing, 422],
    [foreign, 403],
  ] as const) {
    const answer = await service.inject({
      method: 'POST',
      url: '/api/v1/verdicts',
      headers,
      payload: body,
    });
    expect(answer.statusCode).toBe(status);
  }
  expect(
    await service.records.image({ registry: registry.host, repository: 'team/app', tag: '1' }),
  ).toBeUndefined();
});

test('a registry that leads elsewhere is not followed there', async () => {
  const { folder, registry, service } = await place();
  const inside = await registryOf();
  const image = `${registry.host}/team/app:1`;
  const bundles = await bundlesOf({ folder, image, ...pushed(registry, 'hello') });
  registry.fail(
    /manifests/,
    { do: 'redirect', to: `http://${inside.host}/v2/team/app/manifests/1` },
    9,
  );
  const answer = await service.inject({
    ...{ method: 'POST', url: '/api/v1/verdicts' },
    ...{ headers: bearer(await service.secret('verdict')), payload: { image, bundles } },
  });
  expect(answer.json()).toMatchObject({ status: 502, type: '/problems/registry' });
  expect(inside.requests).toEqual([]);
});

test('a grade of the service is signed by its key and attached to the image', async () => {
  const { folder, registry, service, hands } = await place((home) => ({
    key: join(home, 'mine/cosign.key'),
  }));
  const image = { registry: registry.host, repository: 'team/app', tag: '1' };
  const name = `${registry.host}/team/app:1`;
  const { digest } = pushed(registry, 'hello');
  const { ask } = await service.queue.ask({ image, reason: 'api' });
  const headers = bearer(await service.secret('attach'));
  const attach = () =>
    service.inject({ method: 'POST', url: `/api/v1/grades/${ask.id}/attach`, headers });
  expect((await attach()).json()).toMatchObject({ status: 409, type: '/problems/not-graded' });
  await service.records.start(ask.id);
  const scorecard = scorecardOf(name, digest, 2);
  const { grade } = await service.records.finish(ask.id, { scorecard });
  const answer = await attach();
  expect([answer.statusCode, answer.json()]).toEqual([202, { id: grade.id, status: 'queued' }]);

  workAttach(service, hands);
  await expect
    .poll(() => service.lines.some((line) => line.includes('verdict attached')), {
      timeout: 120_000,
    })
    .toBe(true);
  const context = contextOf(runTool, folder);
  const trusted = await trustedSigners(
    context,
    { ...DEFAULT_SETTINGS, origins: [] },
    {
      keys: [join(folder, 'mine/cosign.pub')],
      identity: undefined,
      identityPattern: undefined,
      issuer: undefined,
      issuerPattern: undefined,
    },
  );
  const opened = await openRegistryImage({
    ...{ name, client: clientOf(registry) },
    reference: { registry: registry.host, repository: 'team/app', digest },
  });
  const verified = await verifyImage(context, opened, trusted, { types: ['vsa'], minLevel: 2 });
  await opened.close();
  expect(verified).toMatchObject({ level: 2, gradedAt: scorecard.gradedAt });
});
