import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { InjectOptions } from 'fastify';
import { afterAll, expect, test } from 'vitest';
import { bearer, closeDatabase, HOST, newService } from './service.ts';

afterAll(closeDatabase);

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const json = { 'content-type': 'application/json' };
const image = `${HOST}/team/app:1`;

/** Bodies of `POST /grades`, and what is answered. */
const BODIES: readonly (readonly [name: string, status: number, request: InjectOptions])[] = [
  ['no body', 400, {}],
  ['an empty body', 400, { headers: json, payload: '' }],
  ['no JSON', 400, { headers: json, payload: '{"image":' }],
  ['a list', 400, { headers: json, payload: '[]' }],
  ['null', 400, { headers: json, payload: 'null' }],
  ['deep JSON', 400, { headers: json, payload: `{"image":${deep(20_000)}}` }],
  ['a key twice', 400, { headers: json, payload: `{"image":"${image}","image":"${image}"}` }],
  [
    'bytes that are not UTF-8',
    400,
    { headers: json, payload: Buffer.from('{"image":"\xff"}', 'latin1') },
  ],
  ['a byte order mark', 400, { headers: json, payload: `\ufeff{"image":"${image}"}` }],
  ['a text of 70 KB', 413, { headers: json, payload: `{"image":"${'a'.repeat(70_000)}"}` }],
  ['another type', 415, { headers: { 'content-type': 'text/xml' }, payload: '<a/>' }],
  [
    'a form',
    415,
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'image=a' },
  ],
  ['no image', 400, { payload: {} }],
  ['a number as image', 400, { payload: { image: 5 } }],
  ['a list as image', 400, { payload: { image: [image] } }],
  ['a text as fresh', 400, { payload: { image, fresh: 'true' } }],
  ['an unknown field', 400, { payload: { image, force: true } }],
  ['a prototype', 400, { headers: json, payload: `{"image":"${image}","__proto__":{"a":1}}` }],
  ['a constructor', 400, { headers: json, payload: `{"image":"${image}","constructor":{}}` }],
  ['a scheme', 400, { payload: { image: `http://${HOST}/team/app` } }],
  ['a password', 400, { payload: { image: `user:pass@${HOST}/team/app` } }],
  ['no registry', 400, { payload: { image: 'team/app:1' } }],
  ['a registry in capitals', 400, { payload: { image: 'Registry.Example.com/team/app:1' } }],
  ['a path upwards', 400, { payload: { image: `${HOST}/team/../app:1` } }],
  ['a NUL', 400, { payload: { image: `${HOST}/team/app\u0000:1` } }],
  ['a line end', 400, { payload: { image: `${HOST}/team/app:1\n` } }],
  ['markup', 400, { payload: { image: `${HOST}/<b>app</b>:1` } }],
  ['a tag and a digest', 400, { payload: { image: `${image}@sha256:${'0'.repeat(64)}` } }],
  ['a digest that is none', 400, { payload: { image: `${HOST}/team/app@sha256:00` } }],
  ['a registry that is not allowed', 403, { payload: { image: 'other.example.com/team/app:1' } }],
  ['a name that ends alike', 403, { payload: { image: `evil-${HOST}/team/app:1` } }],
  ['this machine', 403, { payload: { image: 'localhost:5000/team/app:1' } }],
  ['the metadata of a cloud', 403, { payload: { image: '169.254.169.254/latest/meta-data:1' } }],
  ['another port', 403, { payload: { image: `${HOST}:22/team/app:1` } }],
];

test('bodies that are wrong are refused with their reason, and ask for nothing', async () => {
  const service = await newService({}, { limits: { costly: 1000 } });
  const headers = bearer(await service.secret('ask'));
  const answers = [];
  for (const [name, , request] of BODIES) {
    const answer = await service.inject({
      ...{ method: 'POST', url: '/api/v1/grades', ...request },
      headers: { ...headers, ...request.headers },
    });
    expect(answer.headers['content-type'], name).toBe('application/problem+json');
    answers.push([name, answer.statusCode]);
  }
  expect(answers).toEqual(BODIES.map(([name, status]) => [name, status]));
  expect((await service.records.counts()).asks).toEqual({ queued: 0, running: 0 });
  const refused = await service.inject({
    ...{ method: 'POST', url: '/api/v1/grades', headers },
    payload: { image: 'other.example.com/team/app:1' },
  });
  expect(refused.json()).toMatchObject({
    type: '/problems/registry-not-allowed',
    nextStep: expect.stringContaining('--registry other.example.com') as string,
  });
});

/** Addresses, and what is answered. */
const ADDRESSES: readonly (readonly [url: string, status: number])[] = [
  ['/api/v1/images/..%2f..%2fetc%2fpasswd', 400],
  ['/api/v1/images/../../../etc/passwd', 404],
  [`/api/v1/images/${HOST}/team/..%2fapp:1`, 400],
  [`/api/v1/images/${HOST}/team/app%00:1`, 400],
  [`/api/v1/images/${HOST}/team/app:1%0d%0aset-cookie:a`, 400],
  [`/api/v1/images/${HOST}/team/app:1%zz`, 400],
  [`/api/v1/images/${HOST}/team/app:1%ff`, 400],
  [`/api/v1/images/${HOST}/${'a/'.repeat(400)}app:1`, 400],
  ['/api/v1/images/history', 400],
  ['/api/v1/images?level=7', 400],
  ['/api/v1/images?level=1.5', 400],
  ['/api/v1/images?level=', 400],
  ['/api/v1/images?level=1&level=2', 400],
  ['/api/v1/images?limit=0', 400],
  ['/api/v1/images?limit=100000', 400],
  ['/api/v1/images?fails=nothing', 400],
  ['/api/v1/images?order=name', 400],
  ['/api/v1/images?cursor=AAAA', 400],
  [`/api/v1/images?q=${'a'.repeat(300)}`, 400],
  ["/api/v1/images?q=%25'%3B--", 200],
  ['/api/v1/images?q=%00', 400],
  ['/api/v1/images?registry=%00', 400],
  ['/api/v1/grades/1', 400],
  ["/api/v1/grades/'%20or%201=1", 400],
  ['/api/v1/grades/00000000-0000-4000-8000-000000000000', 404],
  ['/api/v1/grades/00000000-0000-4000-8000-000000000000/report', 404],
  ['/api/v1/grades/00000000-0000-4000-8000-000000000000/events', 404],
  ['/api/v1/digests/sha256:12', 400],
  [`/api/v1/digests/sha256:${'a'.repeat(64)}`, 404],
  ['/api/v1/compare?a=b', 400],
  ['/badge/overall.svg', 404],
  ['/badge/..%2f..%2foverall.svg', 400],
  [`/badge/${HOST}/team/app:1/__proto__.svg`, 404],
  [`/badge/${HOST}/team/app:1/overall.png`, 404],
  ['/nothing', 404],
];

test('addresses that are wrong are refused as problems', async () => {
  const service = await newService();
  const answers = [];
  for (const [url] of ADDRESSES) {
    const answer = await service.inject({ url });
    if (answer.statusCode !== 200) {
      expect(answer.headers['content-type'], url).toBe('application/problem+json');
      const { status, instance, type } = answer.json<{
        status: number;
        instance: string;
        type: string;
      }>();
      expect([status, instance !== '', type.startsWith('/problems/')]).toEqual([
        answer.statusCode,
        true,
        true,
      ]);
    }
    expect(answer.headers['x-content-type-options'], url).toBe('nosniff');
    answers.push([url, answer.statusCode]);
  }
  expect(answers).toEqual(ADDRESSES);
});

/** Sends bytes as they are, and gives what comes back. */
function raw(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (chunk) => (said += chunk.toString()));
    socket.on('close', () => {
      resolve(said);
    });
    socket.on('error', reject);
  });
}

test('what a client would not send as it is: a body of 100 MB, and a path upwards', async () => {
  const service = await newService();
  await service.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = service.app.server.address() as AddressInfo;
  const token = await service.secret('ask');
  const head = `POST /api/v1/grades HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n`;
  const stated = await raw(port, `${head}content-length: 104857600\r\n\r\n{"image":"`);
  expect(stated).toMatch(/^HTTP\/1\.1 413 .*"type":"\/problems\/too-large"/s);
  const upwards =
    'GET /api/v1/images/../../healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
  expect(await raw(port, upwards)).toMatch(/^HTTP\/1\.1 400 .*"type":"\/problems\/malformed"/s);
  const chunk = `10000\r\n${'a'.repeat(0x10000)}\r\n`;
  const chunked = await raw(port, `${head}transfer-encoding: chunked\r\n\r\n${chunk}${chunk}`);
  expect(chunked).toMatch(/^HTTP\/1\.1 413 .*"type":"\/problems\/too-large"/s);
});
