import { expect, test } from 'vitest';
import { canConnect } from '../../src/lib/can-connect.ts';
import { fakeOsv } from '../fakes/fake-osv.ts';

test('something that listens is reached, nothing is not', async () => {
  const server = await fakeOsv();
  const { url } = server;
  expect(await canConnect(url, 5000)).toEqual({ ok: true, value: undefined });
  await server.close();
  expect(await canConnect(url, 5000)).toEqual({ ok: false, error: 'connection refused' });
});

test('a host that does not answer is given up', async () => {
  // TEST-NET-1 (RFC 5737) leads nowhere.
  const result = await canConnect('https://192.0.2.1', 50);
  expect(result.ok).toBe(false);
});
