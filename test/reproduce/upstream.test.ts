import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { Agent } from 'undici';
import { expect, test } from 'vitest';
import { guardedLookup } from '../../src/lib/own-address.ts';
import { hasContainersAlone, isForbidden, networkUpstream } from '../../src/reproduce/upstream.ts';
import { tableRows } from '../fakes/table.ts';

const GATEWAY = '172.17.0.1';
const CONTAINERS = {
  docker0: [{ address: '172.17.0.1', cidr: '172.17.0.1/16', family: 'IPv4' }],
  'br-own': [
    { address: '172.29.0.1', cidr: '172.29.0.1/16', family: 'IPv4' },
    { address: 'fd00:29::1', cidr: 'fd00:29::1/64', family: 'IPv6' },
  ],
  'br-5e1a': [
    { cidr: '172.18.0.1/16', family: 'IPv4' },
    { cidr: 'fd00:18::1/64', family: 'IPv6' },
  ],
  eth0: [{ cidr: '10.0.0.5/8', family: 'IPv4' }],
} as unknown as Parameters<typeof isForbidden>[2];

test.each(tableRows('test/reproduce/upstream.tsv'))(
  '%s: forbidden %s %s',
  (address, forbidden, gateway = GATEWAY) => {
    expect(String(isForbidden(address, gateway, CONTAINERS))).toBe(forbidden);
  },
);

test('a bridge of containers is known by what is plugged into it, not by its name', () => {
  const devices = mkdtempSync(join(tmpdir(), 'scoville-devices-'));
  const make = (...path: string[]) => mkdirSync(join(devices, ...path), { recursive: true });
  for (const path of ['apps/bridge', 'apps/brif/veth1', 'apps/brif/vnet0', 'idle/bridge'])
    make(path);
  for (const path of ['idle/brif', 'lan/bridge', 'lan/brif/eth0', 'lan/brif/veth2', 'eth0'])
    make(path);
  for (const path of ['docker0/bridge', 'docker0/brif/veth3']) make(path);
  const names = ['apps', 'idle', 'lan', 'eth0', 'docker0', 'none'];
  expect(names.filter((name) => hasContainersAlone(name, devices))).toEqual([
    'apps',
    'idle',
    'docker0',
  ]);
  rmSync(devices, { recursive: true });
});

test('a name that leads to loopback is not found', async () => {
  const error = await new Promise((done) => {
    const guarded = guardedLookup(
      (address) => isForbidden(address, GATEWAY),
      () => new Error('not for builds'),
    );
    guarded('localhost', {}, (found) => {
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
  const upstream = await networkUpstream({
    gateway: GATEWAY,
    trust: createSecureContext(),
    behindProxy: () => undefined,
  });
  const body = Buffer.alloc(0);
  const request = { method: 'GET', address, headers: {}, body, client: '' };
  const { status } = await upstream.ask(request, AbortSignal.timeout(60_000));
  expect(status).toBe(403);
  await upstream.close();
});

test.each([
  ['GET', '200 here'],
  ['POST', 'rejected'],
])('%s on a kept connection that the server closes just then: %s', async (method, outcome) => {
  const asked: string[] = [];
  const server = createServer((message, response) => {
    asked.push(message.method ?? '');
    if (asked.length === 2) message.socket.destroy();
    else response.end('here');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const loopback = new Agent({
    connect: {
      lookup: (_, __, done) => {
        done(null, [{ address: '127.0.0.1', family: 4 }]);
      },
    },
  });
  const upstream = await networkUpstream({
    gateway: GATEWAY,
    trust: createSecureContext(),
    behindProxy: () => loopback,
  });
  const address = `http://a.example:${(server.address() as AddressInfo).port}/`;
  const ask = async (): Promise<string> => {
    const body = Buffer.from(method === 'POST' ? 'body' : '');
    const request = { method, address, body, headers: {}, client: '' };
    const { status, body: came } = await upstream.ask(request, AbortSignal.timeout(60_000));
    const chunks = [];
    for await (const chunk of came) chunks.push(chunk);
    return `${status} ${Buffer.concat(chunks).toString()}`;
  };
  expect(await ask()).toBe('200 here');
  expect(await ask().catch(() => 'rejected')).toBe(outcome);
  expect(asked).toHaveLength(outcome === 'rejected' ? 2 : 3);
  await loopback.destroy();
  server.close();
});
