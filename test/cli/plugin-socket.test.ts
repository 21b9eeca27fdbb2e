import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { watchPluginSocket } from '../../src/cli/plugin.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const LONGEST = { timeout: 10_000 };

async function listening(path: string): Promise<{
  /** Resolves once somebody has called. */
  readonly called: Promise<unknown>;
  readonly close: () => void;
}> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  const called = once(server, 'connection');
  await new Promise<void>((resolve) => server.listen({ path }, resolve));
  return {
    called,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

test('a socket that Docker closes cancels, once, and not before', async () => {
  const path = join(temporaryFolder(), 'sock');
  const server = await listening(path);
  let cancelled = 0;
  watchPluginSocket(path, () => cancelled++);
  await server.called;
  await sleep(100);
  expect(cancelled).toBe(0);
  server.close();
  await expect.poll(() => cancelled, LONGEST).toBe(1);
});

test.runIf(process.platform === 'linux')('so does one in the abstract namespace', async () => {
  const name = `scoville_test_${process.pid}`;
  const server = await listening(`\0${name}`);
  // Node.js before 22 fills the name up, for the one that listens as for the one that calls.
  const listed = `@${name}`;
  let cancelled = 0;
  watchPluginSocket(listed, () => cancelled++);
  await server.called;
  await sleep(600);
  expect(cancelled).toBe(0);
  server.close();
  await expect.poll(() => cancelled, LONGEST).toBe(1);
});

test('where nobody listens nothing is cancelled', async () => {
  let cancelled = 0;
  watchPluginSocket(join(temporaryFolder(), 'nobody'), () => cancelled++);
  watchPluginSocket('@scoville_test_nobody', () => cancelled++);
  await sleep(600);
  expect(cancelled).toBe(0);
});
