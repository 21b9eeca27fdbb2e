import { afterAll, expect, test } from 'vitest';
import { DatabaseAway } from '../../src/service/database.ts';
import { bearer, closeDatabase, HOST, newService } from './service.ts';

afterAll(closeDatabase);

const ASK = { method: 'POST', url: '/api/v1/grades', payload: { image: `${HOST}/a/b:1` } } as const;
const ID = '00000000-0000-4000-8000-000000000000';

test('each route answers 401 without a token, and 403 with one of another scope', async () => {
  const service = await newService({ reading: 'token', key: 'cosign.key' });
  const routes = [
    ['read', { url: '/api/v1/images' }],
    ['read', { url: `/api/v1/images/${HOST}/a/b:1` }],
    ['read', { url: `/api/v1/history/${HOST}/a/b:1` }],
    ['read', { url: `/api/v1/grades/${ID}` }],
    ['read', { url: `/api/v1/grades/${ID}/events` }],
    ['read', { url: `/api/v1/grades/${ID}/report` }],
    ['read', { url: `/api/v1/digests/sha256:${'a'.repeat(64)}` }],
    ['read', { url: `/api/v1/compare?a=${HOST}/a/b:1&b=${HOST}/a/b:2` }],
    ['read', { url: '/api/v1/export' }],
    ['read', { url: `/badge/${HOST}/a/b:1/overall.svg` }],
    ['ask', ASK],
    ['verdict', { method: 'POST', url: '/api/v1/verdicts', payload: {} }],
    ['attach', { method: 'POST', url: `/api/v1/grades/${ID}/attach` }],
  ] as const;
  const secrets = {
    read: await service.secret('read'),
    ask: await service.secret('ask'),
    verdict: await service.secret('verdict'),
    attach: await service.secret('attach'),
  };
  const admin = await service.secret('admin');
  for (const [scope, request] of routes) {
    const bare = await service.inject(request);
    expect([request.url, bare.statusCode]).toEqual([request.url, 401]);
    expect(bare.headers['www-authenticate']).toBe('Bearer realm="Scoville"');
    for (const [name, secret] of Object.entries(secrets)) {
      const answer = await service.inject({ ...request, headers: bearer(secret) });
      expect([request.url, name, answer.statusCode === 403]).toEqual([
        request.url,
        name,
        name !== scope,
      ]);
    }
    const { statusCode } = await service.inject({ ...request, headers: bearer(admin) });
    expect([401, 403]).not.toContain(statusCode);
  }
  const basic = Buffer.from(`me:${secrets.read}`).toString('base64');
  const person = { accept: 'text/html', authorization: `Basic ${basic}` };
  expect((await service.inject({ url: '/api/v1/images', headers: person })).statusCode).toBe(200);
  const asked = await service.inject({ url: '/api/v1/images', headers: { accept: 'text/html' } });
  expect(asked.headers['www-authenticate']).toBe('Basic realm="Scoville"');
});

test('a revoked token is no token, and guessing is slowed by address', async () => {
  const service = await newService({}, { limits: { wrongTokens: 3 } });
  const secret = await service.secret('ask');
  expect((await service.inject({ ...ASK, headers: bearer(secret) })).statusCode).toBe(202);
  await service.tokens.revoke('token 1');
  const statuses = [];
  for (const wrong of [secret, 'scv_guess', '', 'scv_other', 'scv_again']) {
    const answer = await service.inject({
      ...ASK,
      headers: bearer(wrong),
      remoteAddress: '10.0.0.1',
    });
    statuses.push(answer.statusCode);
    if (answer.statusCode === 429) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    else expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  }
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  const right = bearer(await service.secret('ask'));
  // Who guesses is not told that a guess is right; others go on.
  const guessed = await service.inject({ ...ASK, headers: right, remoteAddress: '10.0.0.1' });
  expect(guessed.statusCode).toBe(429);
  const other = await service.inject({ ...ASK, headers: right, remoteAddress: '10.0.0.2' });
  expect(other.statusCode).toBe(202);
});

test('requests are limited by token, else by address', async () => {
  const service = await newService({}, { limits: { requests: 3, costly: 2 } });
  const [one, two] = [bearer(await service.secret('ask')), bearer(await service.secret('ask'))];
  const images = async (headers: object, remoteAddress: string): Promise<number> =>
    (await service.inject({ url: '/api/v1/images', headers: { ...headers }, remoteAddress }))
      .statusCode;
  const anonymous = [];
  for (let at = 0; at < 4; at++) anonymous.push(await images({}, '10.0.0.1'));
  expect(anonymous).toEqual([200, 200, 200, 429]);
  expect(await images({}, '10.0.0.2')).toBe(200);
  expect(await images(one, '10.0.0.1')).toBe(200);
  const asks = [];
  for (let at = 0; at < 3; at++) {
    const answer = await service.inject({ ...ASK, headers: two });
    asks.push(answer.statusCode);
  }
  expect(asks).toEqual([202, 202, 429]);
});

test.each([
  ['10.1.2.3', ['10.0.0.0/8'], [200, 200]],
  ['10.1.2.3', [], [200, 429]],
  ['11.1.2.3', ['10.0.0.0/8'], [200, 429]],
])('a client behind the proxy %s, where %j are believed', async (remoteAddress, proxies, told) => {
  const service = await newService({ proxies }, { limits: { requests: 1 } });
  const statuses = [];
  for (const client of ['192.0.2.1', '192.0.2.2']) {
    const headers = { 'x-forwarded-for': client };
    const answer = await service.inject({ url: '/api/v1/images', headers, remoteAddress });
    statuses.push(answer.statusCode);
  }
  expect(statuses).toEqual(told);
});

test('a page of another site cannot send what a browser signs in for', async () => {
  const service = await newService();
  const headers = { ...bearer(await service.secret('ask')), 'sec-fetch-site': 'cross-site' };
  const answer = await service.inject({ ...ASK, headers });
  expect(answer.json()).toMatchObject({ status: 403, type: '/problems/forbidden' });
  const cors = await service.inject({
    url: '/api/v1/images',
    headers: { origin: 'https://evil.example' },
  });
  expect(cors.headers['access-control-allow-origin']).toBeUndefined();
});

test('logs have a line a request, and no secret', async () => {
  const service = await newService();
  const secret = await service.secret('ask');
  await service.inject({ ...ASK, headers: bearer(secret) });
  await service.inject({ url: `/api/v1/images/${HOST}/a/b:1?token=${secret}` });
  await service.inject({ ...ASK, headers: { authorization: `Bearer ${secret}x` } });
  const requests = service.lines
    .map((line) => JSON.parse(line) as { message: string })
    .filter(({ message }) => message === 'request');
  expect(requests).toMatchObject([
    { method: 'POST', route: '/api/v1/grades', status: 202, by: 'token 1' },
    { method: 'GET', route: '/api/v1/images/*', status: 400 },
    { method: 'POST', route: '/api/v1/grades', status: 401 },
  ]);
  expect(requests[0]).toHaveProperty('id');
  expect(service.lines.join('')).not.toContain(secret);
});

test('where the database is away, everything answers 503 and when to try again', async () => {
  const service = await newService();
  const headers = bearer(await service.secret('ask'));
  const away = (): never => {
    throw new DatabaseAway('connection refused to postgres://me:geheim@db/');
  };
  const parts = { records: service.records, queue: service.queue, tokens: service.tokens };
  for (const part of Object.values(parts))
    for (const name of Object.keys(part))
      if (name !== 'stop') Object.assign(part, { [name]: away });
  const requests = [
    { url: '/api/v1/images' },
    { url: '/api/v1/export' },
    { url: `/api/v1/grades/${ID}` },
    { url: `/badge/${HOST}/a/b:1/overall.svg` },
    { url: '/readyz' },
    { url: '/metrics' },
    { ...ASK, headers },
  ];
  for (const request of requests) {
    const answer = await service.inject(request);
    expect([request.url, answer.statusCode]).toEqual([request.url, 503]);
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).not.toContain('geheim');
  }
  expect((await service.inject({ url: '/healthz' })).json()).toEqual({ status: 'ok' });
  expect(service.lines.join('')).not.toContain('geheim');
});

test('a fault of ours is a problem without its reason, which the log has', async () => {
  const service = await newService();
  Object.assign(service.records, { search: () => Promise.reject(new Error('a fault in SQL')) });
  const answer = await service.inject({ url: '/api/v1/images' });
  expect(answer.json()).toMatchObject({ status: 500, type: '/problems/inner' });
  expect(answer.body).not.toContain('SQL');
  const { instance } = answer.json<{ instance: string }>();
  const line = service.lines.find((one) => one.includes('a fault in SQL'));
  expect(line).toContain(instance);
});
