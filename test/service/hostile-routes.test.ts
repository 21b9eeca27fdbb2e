import type { InjectOptions } from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { registerHarbor } from '../../src/service/harbor.ts';
import { registerPages } from '../../src/service/pages/pages.ts';
import { registerWebhooks } from '../../src/service/webhooks.ts';
import type { OpenApi } from './conformance.ts';
import { bearer, closeDatabase, HOST, newService, type Service } from './service.ts';

afterAll(closeDatabase);

const ID = '00000000-0000-4000-8000-000000000000';
const SECRET = 'a-secret-of-a-webhook';

/** All that `scoville serve` has; nothing is graded. */
async function openAll(reading: 'open' | 'token' = 'open'): Promise<Service> {
  return newService(
    { reading, webhooks: { docker: SECRET, harbor: SECRET, dockerhub: SECRET } },
    {
      limits: { requests: 1e6, costly: 1e6, wrongTokens: 1e6 },
      parts: [
        registerWebhooks,
        registerPages,
        (app, deps) => {
          registerHarbor(app, deps, () => Promise.reject(new Error('nothing is graded here')));
        },
      ],
    },
  );
}

const POSTS = [
  '/api/v1/grades',
  '/api/v1/verdicts',
  '/api/v1/tokens',
  `/api/v1/grades/${ID}/attach`,
  '/harbor/api/v1/scan',
  '/hooks/docker',
  '/hooks/harbor',
  `/hooks/dockerhub/${SECRET}`,
];
const MOST = 64 << 20;
const TYPES = [
  'application/json',
  'application/vnd.docker.distribution.events.v1+json',
  'text/xml',
];
const nested = (open: string, close: string, levels: number): string =>
  `${open.repeat(levels)}${close.repeat(levels)}`;
const BODIES: Readonly<Record<string, Buffer | string>> = {
  'no body': '',
  'no JSON': '{"image":',
  'a number': '1e999',
  null: 'null',
  'a list': '[]',
  text: '"x"',
  'deep lists': nested('[', ']', 30_000),
  'deep objects': `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`,
  'a key twice': '{"image":"a","image":"b"}',
  'no UTF-8': Buffer.from([0x22, 0xff, 0xfe, 0x22]),
  NULs: Buffer.alloc(1000),
  markup: '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
  'a prototype': '{"__proto__":{"image":"x"},"constructor":{"prototype":{}}}',
  'wrong types': JSON.stringify({
    ...{ image: {}, name: 5, scopes: 'admin', registry: [], artifact: 1, events: {} },
    ...{ type: [], event_data: 7, push_data: 'x', repository: null, bundle: [1] },
  }),
  'a NUL in a text': JSON.stringify({
    ...{ image: `${HOST}/a\0:1`, name: 'a\0', scopes: ['ask'] },
    events: [{ id: '\0', action: 'push', target: { repository: 'a\0', tag: '\0' }, request: {} }],
  }),
  '64 MB': Buffer.alloc(MOST, 0x20),
};

test.each(POSTS)('%s refuses every body that is wrong, in little time', async (url) => {
  const service = await openAll();
  const admin = await service.secret('admin');
  const secret = url.startsWith('/hooks/') ? SECRET : admin;
  const answers: unknown[] = [];
  for (const [name, payload] of Object.entries(BODIES))
    for (const type of TYPES) {
      const began = performance.now();
      const { statusCode } = await service.app.inject({
        ...{ method: 'POST', url, payload },
        headers: { ...bearer(secret), 'content-type': type },
      });
      const ms = performance.now() - began;
      // An event of nothing is taken: a registry would send it for ever.
      const isFine = (statusCode >= 400 && statusCode < 500) || (statusCode === 202 && ms < 5000);
      if (!isFine || ms > 5000) answers.push([name, type, statusCode, ms]);
      if (statusCode === 202) expect([url, name]).toEqual([url, expect.stringMatching(/NUL/)]);
    }
  expect(answers).toEqual([]);
  expect((await service.records.counts()).asks).toEqual({ queued: 0, running: 0 });
  expect((await service.tokens.list()).map((one) => one.name)).toEqual(['token 1']);
  expect(service.lines.filter((line) => line.includes('request failed'))).toEqual([]);
});

/** What a part of a path may be. */
const PARTS = [
  ...['..', '%2e%2e', '..%2f..%2f..%2fetc%2fpasswd', '..%5c..%5cwindows', '....//....//etc'],
  ...['%00', 'a%00b', '%ff', '%c0%ae%c0%ae', '%u002e', '%', '%zz', '%0d%0aset-cookie:a=b'],
  ...['__proto__', 'constructor', "'%3B--", '%27%20or%201=1'],
  ...['%3Cscript%3E', '%E2%80%AE', '%1b%5B31m', '-1', '1e999', 'a'.repeat(2000)],
];

test('no path leads elsewhere: each route refuses what it does not know', async () => {
  const service = await openAll();
  const admin = bearer(await service.secret('admin'));
  const document = (await service.app.inject({ url: '/openapi.json' })).json<OpenApi>();
  const known = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
  const more = ['/harbor/api/v1/scan/{id}/report', '/images/{name}', '/repositories/{name}'].concat(
    ...['/grades/{id}', '/assets/{name}', '/{any}', '/api/v1/{any}', '/badge/{a}/{b}/{c}'],
  );
  const routes = [...known, ...more.map((path) => ({ method: 'GET', path }))].filter(({ path }) =>
    path.includes('{'),
  );
  expect(routes.length).toBeGreaterThan(15);
  const wrong: unknown[] = [];
  for (const { method, path } of routes)
    for (const part of PARTS) {
      const url = path.replaceAll(/\{\w+\}/g, part);
      const answer = await service.app.inject({ method, url, headers: admin } as InjectOptions);
      const { statusCode, headers, body } = answer;
      const isRefused = [400, 401, 404, 409, 414, 415, 429].includes(statusCode);
      // Unknown images have a badge; and what leads upwards is the first page, or no page.
      const isFirst = new URL(url, 'http://a').pathname === '/' || path === '/badge/{badge}';
      if (!isRefused && !(isFirst && statusCode === 200)) wrong.push([method, url, statusCode]);
      const isPage = String(headers['content-type']).startsWith('text/html');
      if (headers['set-cookie'] !== undefined || (isPage && /<script>|\u001b|\u202e/.test(body)))
        wrong.push([method, url, body]);
      if (/root:x:0/.test(body)) wrong.push([method, url, body]);
    }
  expect(wrong).toEqual([]);
  expect(service.lines.filter((line) => line.includes('request failed'))).toEqual([]);
});

test('of a service that is read by token, nothing is told without one', async () => {
  const service = await openAll('token');
  const document = (await service.app.inject({ url: '/openapi.json' })).json<OpenApi>();
  const open: string[] = [];
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods)) {
      const url = path.replaceAll(/\{\w+\}/g, ID);
      const given = { method: method.toUpperCase(), url, remoteAddress: '10.0.0.1' };
      const { statusCode } = await service.app.inject(given as InjectOptions);
      if (statusCode !== 401) open.push(`${method} ${path}`);
    }
  for (const url of [
    '/',
    '/images/a.example/b:1',
    '/repositories/a.example/b',
    `/api/v1/grades/${ID}`,
  ])
    expect((await service.app.inject({ url })).statusCode).toBe(401);
  expect(open.sort()).toEqual(['get /healthz', 'get /readyz']);
});
