import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, expect, test } from 'vitest';
import API from '../../schema/service-api-1.json' with { type: 'json' };
import { CATALOGUE } from '../../src/criteria/catalogue.ts';
import { VECTORS } from '../../src/model/criterion.ts';
import { GRADES } from '../../src/model/scorecard.ts';
import { BADGES } from '../../src/report/badges.ts';
import { SCOPES } from '../../src/service/shapes.ts';
import { registerWebhooks } from '../../src/service/webhooks.ts';
import type { OpenApi } from './conformance.ts';
import { madeGrade, tagged } from './made.ts';
import { bearer, closeDatabase, newService } from './service.ts';

afterAll(closeDatabase);

test('the document is valid OpenAPI 3.1 and complete', async () => {
  const service = await newService({ url: 'https://grades.example.com' });
  const document = (await service.inject({ url: '/openapi.json' })).json<
    OpenApi & { info: object; servers: object; components: { schemas: object } }
  >();
  expect(await new Validator().validate({ ...structuredClone(document) })).toEqual({ valid: true });
  // It leaves schemas to the dialect.
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi.json');
  for (const name of Object.keys(document.components.schemas))
    ajv.compile({ $ref: `openapi.json#/components/schemas/${name}` });
  expect(document.openapi).toBe('3.1.0');
  expect(document.servers).toEqual([{ url: 'https://grades.example.com' }]);
  expect(
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    ),
  ).toEqual([
    'post /api/v1/grades',
    'get /api/v1/grades/{id}',
    'get /api/v1/grades/{id}/events',
    'get /api/v1/grades/{id}/report',
    'get /api/v1/images',
    'get /api/v1/images/{image}',
    'get /api/v1/history/{image}',
    'get /api/v1/digests/{digest}',
    'get /api/v1/compare',
    'get /api/v1/export',
    'post /api/v1/verdicts',
    'post /api/v1/grades/{id}/attach',
    'get /badge/{badge}',
    'get /healthz',
    'get /readyz',
    'get /metrics',
    'get /api/v1/tokens',
    'post /api/v1/tokens',
    'delete /api/v1/tokens/{name}',
    'post /hooks/docker',
    'post /hooks/harbor',
    'post /hooks/dockerhub/{secret}',
  ]);
  expect(document.components.schemas).toMatchObject({
    GradeLetter: { enum: GRADES },
    Badge: { properties: { label: { enum: BADGES.map(({ label }) => label) } } },
    Grade: { properties: { vectors: { required: VECTORS } } },
  });
  // Every part that is pointed to is there.
  const text = JSON.stringify(document);
  const names = [...text.matchAll(/"\$ref":"#\/components\/([^"]+)"/g)].map(
    ([, name = '']) => name,
  );
  expect(names).toContain('schemas/Scorecard');
  for (const name of new Set(names)) expect(document.components).toHaveProperty(name.split('/'));
  for (const [path, methods] of Object.entries(document.paths))
    for (const operation of Object.values(methods) as unknown as Operation[]) {
      expect(operation.summary, path).toMatch(/^[A-Z].*[^.]$/);
      for (const status of ['400', '429', '500', '503'])
        expect(Object.keys(operation.responses), path).toContain(status);
      for (const { name, in: where } of operation.parameters ?? [])
        if (where === 'path') expect(path).toContain(`{${name}}`);
    }
});

test('each operation of the document is there, and says what the code has', async () => {
  const secret = 'a secret of sixteen letters';
  const webhooks = { docker: secret, harbor: secret, dockerhub: secret };
  const service = await newService({ webhooks }, { parts: [registerWebhooks] });
  const { paths } = (await service.inject({ url: '/openapi.json' })).json<OpenApi>();
  expect(paths).toEqual(API.paths);
  const { schemas } = API.components;
  expect(schemas.Scopes.items.enum).toEqual(SCOPES);
  const fails = API.paths['/api/v1/images'].get.parameters.find((one) => one.name === 'fails');
  expect(fails?.schema?.enum).toEqual(CATALOGUE.map(({ id }) => id));
});

interface Operation {
  readonly summary: string;
  readonly responses: object;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

test('metrics count requests, grades and what waits; from elsewhere they need a token', async () => {
  const service = await newService();
  const { ask } = await service.queue.ask({ image: tagged('1'), reason: 'api' });
  for (const tag of ['2', '3']) {
    const { ask: other } = await service.queue.ask({ image: tagged(tag), reason: 'api' });
    await service.records.start(other.id);
    service.pass(tag === '2' ? 2000 : 4000);
    if (tag === '2') await service.records.fail(other.id, { message: 'no such image' });
    else await service.records.finish(other.id, madeGrade({ at: service.now() }));
  }
  service.metrics.graded('failed', 2);
  service.metrics.graded('done', 4);
  service.pass(84_000);
  await service.inject({ url: `/api/v1/grades/${ask.id}` });
  const text = (await service.inject({ url: '/metrics' })).body;
  expect(text).toContain('scoville_asks{state="queued"} 1\n');
  expect(text).toContain('scoville_grade_seconds_sum{outcome="failed"} 2\n');
  expect(text).toContain('scoville_grade_seconds_sum{outcome="done"} 4\n');
  expect(text).toContain('scoville_oldest_queued_seconds 90\n');
  expect(text).toContain('scoville_jobs{job="grade",state="waiting"} 3\n');
  expect(text).toMatch(
    /scoville_http_seconds_count\{method="GET",route="\/api\/v1\/grades\/:id",status="200"\} 1\n/,
  );
  expect(text).toMatch(/scoville_database_bytes\{part="all"\} [1-9]\d{5,}\n/);
  const remoteAddress = '10.0.0.1';
  expect((await service.inject({ url: '/metrics', remoteAddress })).statusCode).toBe(401);
  const proxied = { url: '/metrics', headers: { 'x-forwarded-for': '10.0.0.1' } };
  expect((await service.inject(proxied)).statusCode).toBe(401);
  const headers = bearer(await service.secret('metrics'));
  expect((await service.inject({ url: '/metrics', remoteAddress, headers })).statusCode).toBe(200);
});

test('the service is not ready while grades wait and no worker takes them', async () => {
  const service = await newService();
  expect((await service.inject({ url: '/readyz' })).json()).toEqual({ status: 'ok' });
  const { ask } = await service.queue.ask({ image: tagged('1'), reason: 'api' });
  expect((await service.inject({ url: '/readyz' })).statusCode).toBe(200);
  service.pass(200_000);
  expect((await service.inject({ url: '/readyz' })).json()).toMatchObject({
    ...{
      status: 503,
      detail: 'no worker takes the grades that wait: start one with scoville worker',
    },
  });
  await service.records.start(ask.id);
  expect((await service.inject({ url: '/readyz' })).statusCode).toBe(200);
});
