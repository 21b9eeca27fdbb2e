import { randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../fakes/fake-registry.ts';
import { BadDay, isInDocker, newName } from './bad-day.ts';
import { canary } from './canary.ts';
import type { Ended } from './harness.ts';
import { rows } from './rows.ts';

const MB = 1024 * 1024;
const BLOB_BYTES = 3 * MB;

const day = new BadDay();
const started: FakeRegistry[] = [];
let fake: FakeRegistry;
beforeEach(async () => {
  fake = await start({});
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.close()));
  day.remove();
});

async function start(options: FakeRegistryOptions): Promise<FakeRegistry> {
  const one = await startFakeRegistry(options);
  started.push(one);
  return one;
}

/** A layer that is worth cutting: random, so that it stays as large as it is. */
const large = (): string => day.context({ content: randomBytes(BLOB_BYTES) });

/** `build --push` to the fake registry. */
async function push(
  exitCode: number,
  context: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended & { readonly tagged: boolean }> {
  const name = newName();
  const args = ['build', '--grade=false', '--push', '-t', `${fake.host}/${name}`, context];
  const ended = await day.scoville.expect(exitCode, args, { env });
  // Kept when it was pushed, and not before.
  expect(await isInDocker(`${fake.host}/${name}`)).toBe(exitCode === 0);
  return { ...ended, tagged: fake.manifests.has(name) };
}

function tags(): readonly string[] {
  return [...fake.manifests.keys()].filter((key) => !key.includes('@'));
}

/** In the configuration of docker, which the test writes. */
const CONFIG = [/docker-[^/]*\/config\.json$/];
const RIGHT = canary('the password of a registry', CONFIG);
const WRONG = canary('a wrong password of a registry', CONFIG);

/** A docker configuration that says who we are at the fake registry. */
function login(username: string, password: string): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(day.folder, 'docker-'));
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [fake.host]: { auth } } }));
  return { DOCKER_CONFIG: folder };
}

describe('a registry that cannot be reached', () => {
  test('is named, with what to look at', async () => {
    // A port below 1024: a server that was closed may leave its own to somebody else.
    const host = '127.0.0.1:3';
    const ended = await day.scoville.expect(2, [
      ...['build', '--push', '-t', `${host}/${newName()}`, day.context()],
    ]);
    expect(ended.stderr).toMatch(
      new RegExp(
        `^scoville: pushing .*: cannot reach ${host} \\(ECONNREFUSED\\)\\n  next: Check that a registry answers at ${host}\\.\\n$`,
        'm',
      ),
    );
  });

  test('what it could not take is in the layout: push brings it later, without a build', async () => {
    const name = newName();
    fake.fail(/^PUT .*\/manifests\//, { do: 'status', status: 500 }, 99);
    const full = `${fake.host}/${name}`;
    const failed = await day.scoville.expect(2, ['build', '--push', '-t', full, day.context()]);
    expect(failed.stderr).toContain(`${fake.host} answered 500`);
    expect(failed.stderr).toContain(
      `scoville: warning: the image is kept in the layout: scoville push ${full} brings it there without another build\n`,
    );
    expect(tags()).toEqual([]);
    fake.faults.length = 0;
    const ended = await day.scoville.expect(0, ['push', full]);
    expect(ended.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(tags()).toContain(name);
  });

  test('the second of two: the first is told of, since the image is there', async () => {
    const gone = await start({});
    const [first, second] = [`${fake.host}/${newName()}`, `${gone.host}/${newName()}`];
    await gone.close();
    const { stderr } = await day.scoville.expect(2, [
      ...['build', '--push', '-t', first, '-t', second, day.context()],
    ]);
    expect(stderr).toContain(
      `scoville: warning: pushed before this failed: ${first.replace(/:[^:/]*$/, '')}\nscoville: warning: the image is kept in the layout: scoville push ${first} ${second} brings`,
    );
  });

  test('that speaks no HTTP at all', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume().end('220 mail ready\r\n\u001b[31m');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const { stderr } = await day.scoville.expect(2, [
        ...['build', '--push', '-t', `${host}/${newName()}`, day.context()],
      ]);
      expect(stderr).toMatch(/^scoville: pushing .*127\.0\.0\.1/m);
      expect(stderr).not.toContain('\u001b');
      expect(stderr).not.toContain('defect');
    } finally {
      await new Promise((closed) => server.close(closed));
    }
  });
});

describe.each(rows(['bearer', 'basic'] as const, (_, at) => at === 0))(
  'a registry that wants to know who asks (%s)',
  (auth) => {
    beforeEach(async () => {
      fake = await start({ auth, username: 'ann', password: RIGHT });
    });

    test('says how to log in to who has not', async () => {
      const { stderr } = await push(2, day.context());
      expect(stderr).toContain(`${fake.host} answered 401`);
      expect(stderr).toContain(`  next: Run \`docker login ${fake.host}\`.`);
      expect([...fake.manifests.keys()]).toEqual([]);
      expect([...fake.blobs.keys()]).toEqual([]);
    });

    test('takes nothing for a wrong password, which is not shown', async () => {
      const { stderr } = await push(2, day.context(), login('ann', WRONG));
      expect(stderr).toMatch(/401/);
      expect(stderr).toContain('docker login');
      expect(stderr).not.toContain(WRONG);
      expect([...fake.manifests.keys()]).toEqual([]);
    });

    test('takes the image for the right one', async () => {
      const { tagged, stderr } = await push(0, day.context(), login('ann', RIGHT));
      expect(tagged).toBe(true);
      expect(stderr).not.toContain(RIGHT);
    });
  },
);

describe('a registry that fails', () => {
  test('twice with 500: the call is made again', async () => {
    fake.fail(/^PUT .*\/manifests\//, { do: 'status', status: 500 }, 2);
    fake.fail(/^POST .*\/uploads\//, { do: 'status', status: 503 }, 2);
    const { tagged } = await push(0, day.context());
    expect(tagged).toBe(true);
    expect(fake.faults.map((fault) => fault.times)).toEqual([0, 0]);
  });

  test('always with 500: said, and no tag is set', async () => {
    const body = JSON.stringify({ errors: [{ code: 'UNKNOWN', message: 'disk \u001b[31mgone' }] });
    fake.fail(/^POST .*\/uploads\//, { do: 'status', status: 500, body }, 999);
    const { stderr } = await push(2, day.context());
    expect(stderr).toContain(`${fake.host} answered 500 (UNKNOWN: disk`);
    expect(stderr).toContain(`  next: The fault lies with ${fake.host}`);
    expect(stderr).not.toContain('\u001b');
    expect([...fake.manifests.keys()]).toEqual([]);
  });

  test('for the tag alone: the image is there by digest, and no tag', async () => {
    fake.fail(/^PUT .*\/manifests\/1$/, { do: 'status', status: 403 }, 99);
    const { stderr } = await push(2, day.context());
    expect(stderr).toContain(`${fake.host} answered 403`);
    expect(tags().filter((tag) => tag.endsWith(':1'))).toEqual([]);
  });

  test('is slow: each answer takes its time, and the push waits', async () => {
    fake.fail(/^PUT /, { do: 'delay', ms: 1500 }, 4);
    const { tagged } = await push(0, day.context());
    expect(tagged).toBe(true);
    expect(fake.faults[0]?.times).toBe(0);
  });
});

describe('a connection that breaks in the middle of a blob', () => {
  test.each(rows([true, false], (_, at) => at === 0))(
    'once: it is sent again (forgotten there: %s)',
    async (forget) => {
      fake.fail(/^PUT .*\/uploads\//, { do: 'cut-upload', after: MB, forget }, 1);
      const { tagged } = await push(0, large());
      expect(tagged).toBe(true);
      const sent = fake.requests.flatMap(({ method, url }) =>
        method === 'PUT' && url.includes('/uploads/') ? [url.replace(/.*digest=/, '')] : [],
      );
      expect(sent.length).toBe(new Set(sent).size + 1);
    },
  );

  test('each time: said, and no tag is set', async () => {
    fake.fail(/^PUT .*\/uploads\//, { do: 'cut-upload', after: 1000, forget: true }, 999);
    const { stderr } = await push(2, large());
    expect(stderr).toMatch(new RegExp(`^scoville: pushing blob sha256:.*${fake.host}`, 'm'));
    expect(stderr).toMatch(/^ {2}next: /m);
    expect(stderr).not.toContain('defect');
    expect(tags()).toEqual([]);
  });
});
