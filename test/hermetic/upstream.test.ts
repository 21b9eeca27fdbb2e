import { expect, test } from 'vitest';
import { guardedLookup, isForbidden, networkUpstream } from '../../src/hermetic/upstream.ts';

const CONTAINERS = {
  docker0: [{ cidr: '172.17.0.1/16', family: 'IPv4' }],
  'br-5e1a': [
    { cidr: '172.18.0.1/16', family: 'IPv4' },
    { cidr: 'fd00:18::1/64', family: 'IPv6' },
  ],
  eth0: [{ cidr: '10.0.0.5/8', family: 'IPv4' }],
} as unknown as Parameters<typeof isForbidden>[1];

test.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['0.0.0.0', true],
  ['::', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['::ffff:7f00:1', true],
  ['172.18.3.4', true],
  ['::ffff:172.18.3.4', true],
  ['fd00:18::7', true],
  ['172.17.0.1', false],
  ['172.17.0.9', false],
  ['10.1.2.3', false],
  ['192.0.2.1', false],
  ['2001:db8::1', false],
  ['a.example', false],
])('%s: forbidden %s', (address, forbidden) => {
  expect(isForbidden(address, CONTAINERS)).toBe(forbidden);
});

test('a name that leads to loopback is not found', async () => {
  const error = await new Promise((done) => {
    guardedLookup('localhost', {}, (found) => {
      done(found);
    });
  });
  expect(String(error)).toContain('not for builds');
});

test.each([
  'http://127.0.0.1:1/',
  'http://localhost/',
  'https://a.localhost./',
  'http://[::1]/',
  'http://0x7f.1/',
  'http://[::ffff:127.0.0.1]/',
])('%s is answered with 403, and not asked', async (address) => {
  const upstream = await networkUpstream({ roots: [], behindProxy: () => undefined });
  const { status } = await upstream.ask({
    method: 'GET',
    address,
    headers: {},
    body: Buffer.alloc(0),
    client: '',
  });
  expect(status).toBe(403);
  await upstream.close();
});
