import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { DatabaseAway } from '../../src/service/database.ts';
import { type GradeHere, registerHarbor } from '../../src/service/harbor.ts';
import { makeWorkers } from '../../src/service/worker.ts';
import { fakeOsv, type FakeOsv } from '../fakes/fake-osv.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/fake-registry.ts';
import { ImageBytes } from '../fakes/images.ts';
import { layerTar } from '../fakes/tar-bytes.ts';
import { type BundledGrader, bundledGrader } from './bundled-grader.ts';
import { DOCUMENT, HarborClient, TYPES } from './harbor-client.ts';
import { closeDatabase, newService } from './service.ts';
import { rule } from './whole.ts';

const PASSWORD = 'of-a-robot-37';
let bundle: BundledGrader;
let registry: FakeRegistry;
let osv: FakeOsv;
let home = '';
let digest = '';

beforeAll(async () => {
  bundle = await bundledGrader();
  registry = await startFakeRegistry({
    ...{ auth: 'basic', username: 'robot$scanner', password: PASSWORD, referrersApi: true },
  });
  osv = await fakeOsv();
  osv.knows('npm', 'lodash');
  for (const [id, severity] of [
    ['GHSA-1', 'LOW'],
    ['GHSA-2', 'CRITICAL'],
  ])
    osv.entries.push({
      id: id ?? '',
      database_specific: { severity },
      affected: [
        {
          package: { ecosystem: 'npm', name: 'left' },
          ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '1.0.1' }] }],
        },
      ],
    });
  home = await mkdtemp(join(tmpdir(), 'scoville-harbor-'));
  digest = push();
});
afterEach(() => {
  registry.faults.length = 0;
});
afterAll(async () => {
  await closeDatabase();
  await registry.close();
  await osv.close();
  await bundle.remove();
  await rm(home, { recursive: true, force: true });
});

/** An image with one package, which has two vulnerabilities. */
function push(): string {
  const bytes = new ImageBytes();
  const record = JSON.stringify({ name: 'left', version: '1.0.0', license: 'MIT' });
  const tar = layerTar({ 'app/node_modules/left/package.json': record });
  const layer = bytes.add(gzipSync(tar), MEDIA_TYPE.layerGzip);
  const config = { rootfs: { type: 'layers', diff_ids: [digestOf(tar)] } };
  const root = bytes.image({ config, manifest: { layers: [layer] } });
  for (const [one, blob] of bytes.blobs) {
    registry.putBlob('team/app', blob);
    if (one === root.digest) registry.putManifest('team/app', one, blob, MEDIA_TYPE.manifest);
  }
  return root.digest;
}

async function open(grade?: GradeHere) {
  const service = await newService(
    {
      registries: [rule(registry.host, { repositories: ['team/*'], plainHttp: true })],
      osv: osv.url,
    },
    {
      parts: [
        (app, deps) => {
          const options = {
            graders: 1,
            home,
            env: process.env,
            file: bundle.file,
          };
          const workers = makeWorkers(deps, options);
          onTestFinished(() => {
            workers.close();
          });
          registerHarbor(app, deps, grade ?? ((id, more) => workers.grade(id, more)));
        },
      ],
    },
  );
  const secret = await service.secret('ask');
  const base = `${await service.app.listen({ host: '127.0.0.1', port: 0 })}/harbor/api/v1`;
  const basic = `Basic ${Buffer.from(`harbor:${secret}`).toString('base64')}`;
  const client = new HarborClient(base, `Bearer ${secret}`);
  return { ...service, client, base, byBasic: new HarborClient(base, basic) };
}

const authorization = (password: string): string =>
  `Basic ${Buffer.from(`robot$scanner:${password}`).toString('base64')}`;

function request(
  more: { registry?: object; artifact?: object; enabled_capabilities?: object } = {},
) {
  const mime_type = MEDIA_TYPE.manifest;
  return {
    ...more,
    registry: {
      ...{ url: `http://${registry.host}`, authorization: authorization(PASSWORD) },
      ...more.registry,
    },
    artifact: { repository: 'team/app', digest, tag: '1.0', mime_type, ...more.artifact },
  };
}

const idOf = ({ body }: { body: unknown }): string => (body as { id: string }).id;

test("the document of Harbor's API, which answers are held against, is one of OpenAPI 3", async () => {
  expect(await new Validator().validate({ ...structuredClone(DOCUMENT) })).toEqual({ valid: true });
});

describe('a scanner of Harbor', () => {
  test('says what it can do, by Basic and Bearer', async () => {
    const { client, byBasic } = await open();
    const said = await client.metadata();
    expect([said.status, said.body]).toEqual([
      200,
      {
        scanner: { name: 'Scoville', vendor: 'Scoville', version: expect.any(String) as string },
        capabilities: [
          {
            type: 'vulnerability',
            consumes_mime_types: [MEDIA_TYPE.manifest, MEDIA_TYPE.dockerManifest],
            produces_mime_types: [TYPES.vulnerabilities],
          },
          {
            type: 'sbom',
            consumes_mime_types: [MEDIA_TYPE.manifest, MEDIA_TYPE.dockerManifest],
            produces_mime_types: [TYPES.sbom],
            additional_attributes: {
              sbom_media_types: ['application/spdx+json', 'application/vnd.cyclonedx+json'],
            },
          },
        ],
        properties: {
          'harbor.scanner-adapter/scanner-type': 'os-package-vulnerability',
          'harbor.scanner-adapter/registry-authorization-type': 'Basic',
        },
      },
    ]);
    expect((await byBasic.metadata()).body).toEqual(said.body);
  });

  test('reports vulnerabilities and both SBOMs of one scan, and forgets the password', async () => {
    const { client, database, lines } = await open();
    const id = idOf(await client.submit(request()));
    const { status, body, waits } = await client.poll(id);
    expect(status).toBe(200);
    expect(waits).toBeGreaterThan(0);
    const item = (name: string, severity: string) => ({
      ...{ id: name, package: 'left', version: '1.0.0', fix_version: '1.0.1', severity },
      ...{ description: '', links: [`https://osv.dev/vulnerability/${name}`] },
    });
    expect(body).toMatchObject({
      artifact: { repository: 'team/app', digest },
      severity: 'Critical',
      vulnerabilities: [item('GHSA-2', 'Critical'), item('GHSA-1', 'Low')],
    });
    const sbom = async (type: string) => {
      const query = `?sbom_media_type=${encodeURIComponent(type)}`;
      return (await client.report(id, TYPES.sbom, query)).body as {
        readonly media_type: string;
        readonly sbom: { readonly packages?: unknown; readonly components?: unknown };
      };
    };
    const spdx = await sbom('application/spdx+json');
    const cyclonedx = await sbom('application/vnd.cyclonedx+json');
    expect([spdx.media_type, spdx.sbom.packages]).toMatchObject([
      'application/spdx+json',
      [{ SPDXID: 'SPDXRef-Image' }, { name: 'left', versionInfo: '1.0.0' }],
    ]);
    expect([cyclonedx.media_type, cyclonedx.sbom.components]).toMatchObject([
      'application/vnd.cyclonedx+json',
      [{ name: 'left', version: '1.0.0', purl: 'pkg:npm/left@1.0.0' }],
    ]);
    // By their texts, bytes as hexadecimal included.
    const tables = await database.query<{ name: string }>(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname IN ('public', 'pgboss')`,
    );
    const rows = await Promise.all(
      tables.map(({ name }) => database.query(`SELECT t::text FROM ${name} t`)),
    );
    const kept = JSON.stringify(rows) + lines.join('\n');
    for (const secret of [PASSWORD, authorization(PASSWORD).slice(6)])
      for (const form of [secret, Buffer.from(secret).toString('hex')])
        expect(kept).not.toContain(form);
    // Without one, the registry refuses.
    const next = idOf(await client.submit(request({ registry: { authorization: '' } })));
    const refused = await client.poll(next);
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([
      500,
      expect.stringContaining('401') as string,
    ]);
  });

  test.each<[what: string, status: number, body: object | string]>([
    ['no JSON', 400, '{'],
    ['a list', 400, '[]'],
    ['a body that is too large', 400, ' '.repeat(70_000)],
    ['no registry', 422, '{"artifact":{}}'],
    [
      'a registry that settings do not name',
      422,
      { registry: { url: 'https://evil.example.com' } },
    ],
    ['no address', 422, { registry: { url: 'file:///etc/passwd' } }],
    ['a repository that settings do not allow', 422, { artifact: { repository: 'other/app' } }],
    ['a repository with a path', 422, { artifact: { repository: 'team/../app' } }],
    ['no digest', 422, { artifact: { digest: 'latest' } }],
    ['an index', 422, { artifact: { mime_type: MEDIA_TYPE.index } }],
    ['a token instead of a password', 422, { registry: { authorization: 'Bearer abc' } }],
    ['another capability', 422, { enabled_capabilities: [{ type: 'malware' }] }],
  ])('refuses %s with %i', async (_what, status, body) => {
    const { client, database } = await open(() => Promise.resolve());
    const isPart =
      typeof body === 'object' && !('artifact' in body && Object.keys(body).length === 0);
    const sent = isPart && JSON.stringify(body) !== '{"artifact":{}}' ? request(body) : body;
    expect((await client.submit(sent)).status).toBe(status);
    expect(await database.query('SELECT id FROM ask')).toEqual([]);
  });

  test('says of a report why there is none', async () => {
    let wake = (): void => undefined;
    const waiting = new Promise<void>((done) => (wake = done));
    const { client, records, queue } = await open(() => waiting);
    const id = idOf(await client.submit(request()));
    const sbom = (query: string) => client.report(id, TYPES.sbom, query);
    const statuses = [
      await client.report(id),
      await client.report('f47ac10b-58cc-4372-a567-0e02b2c3d479'),
      await client.report('none'),
      await client.report(id, 'application/vnd.scanner.adapter.vuln.report.raw'),
      await sbom(''),
      await sbom('?sbom_media_type=text/plain'),
    ];
    expect(statuses.map(({ status }) => status)).toEqual([302, 404, 404, 501, 400, 400]);
    const find = records.ask.bind(records);
    Object.assign(records, { ask: () => Promise.reject(new DatabaseAway('away')) });
    expect((await client.report(id)).status).toBe(302);
    Object.assign(records, { ask: find });
    // As where the process that had the password ended.
    const error = { message: 'the process that graded it ended', nextStep: 'ask again' };
    await records.fail(id, error);
    expect(await client.report(id)).toMatchObject({
      status: 500,
      body: { error: { message: 'the process that graded it ended; ask again' } },
    });
    // Asks of others are none of its business.
    const image = { registry: registry.host, repository: 'team/app', tag: '1' };
    const { ask } = await queue.ask({ image, reason: 'api' });
    expect((await client.report(ask.id)).status).toBe(404);
    wake();
  });

  test('wants a token that may ask', async () => {
    const { base, secret } = await open();
    const statusOf = async (words: string) =>
      (await new HarborClient(base, words).metadata()).status;
    const reader = await secret('read');
    expect([
      await statusOf(''),
      await statusOf('Bearer scv_wrong'),
      await statusOf(`Bearer ${reader}`),
    ]).toEqual([401, 401, 403]);
  });
});
