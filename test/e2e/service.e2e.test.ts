import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { runTool } from '../../src/lib/run-tool.ts';
import { generateKeyPair } from '../../src/trust/cosign.ts';
import { isWhole } from './rows.ts';
import { Client, pushImage, type ServiceProcess, ServiceStand } from './service.ts';
import { until } from './until.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/** A job whose process was killed comes back within two minutes, and waits for its turn. */
const AFTER_A_KILL_MS = 400_000;
const KILLS = isWhole ? 20 : 3;

const folder = folderHere('service');
const stand = new ServiceStand(folder);

describe.each(['embedded', 'postgres'] as const)('scoville serve, %s', (kind) => {
  const scoville = scovilleHere();
  let words: readonly string[] = [];
  let token = '';
  let image = '';

  beforeAll(async () => {
    const place = kind === 'postgres' ? ['--database', await stand.postgres.database()] : [];
    words = [
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--registry',
      stand.host,
      '--workers',
      '2',
      ...place,
    ];
    image = `${stand.host}/${kind}/app:1`;
    await pushImage(stand.host, `${kind}/app:1`);
    if (kind === 'postgres') {
      const made = ['serve', 'token', 'create', 'tests', '--scope', 'admin', ...place];
      const { stdout } = await scoville.expect(0, made);
      token = stdout.trim();
    }
  });

  async function open(more: readonly string[] = []): Promise<[ServiceProcess, Client]> {
    const service = stand.start([...words, ...more], scoville.home);
    const url = await service.url();
    if (kind === 'embedded') {
      const file = join(scoville.home, 'service', 'local.json');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      token = (JSON.parse(readFileSync(file, 'utf8')) as { token: string }).token;
    }
    return [service, new Client(url, token)];
  }

  test('starts, grades an image, prints its badge, shows its page, and keeps both', async () => {
    const [first, client] = await open();
    const next = `next: scoville serve ${kind === 'embedded' ? `ask ${stand.host}/NAME:TAG` : 'token create'}`;
    // It is written after the address, which the client waited for.
    await expect.poll(() => first.stderr).toContain(next);
    const unknown = await (await client.ask(`/badge/${image}/level.svg`)).text();
    expect(unknown).toContain('unknown');
    const { stdout } = await scoville.expect(0, ['serve', 'ask', '--url', client.url, image], {
      env: { SCOVILLE_TOKEN: token },
    });
    const badge = `${client.url}/badge/${image}/overall.svg`;
    expect(stdout).toContain(`badge  ${badge}\n`);
    const graded = /level (\d), grade (\S+) /.exec(stdout);
    const shown = await (await fetch(badge)).text();
    expect(shown).toContain(`>${graded?.[2] ?? ''}<`);
    const page = await client.ask(`/images/${image}`);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    expect(await page.text()).toContain(image);
    expect(await first.stop()).toEqual({ code: 0, signal: null });
    const [, again] = await open();
    expect(await (await again.ask(`/badge/${image}/overall.svg`)).text()).toBe(shown);
    expect(await again.grades(image)).toBe(1);
  });

  test('asks nobody for what no setting allows, and does nothing without a token', async () => {
    const [, client] = await open();
    const other = await client.ask('/api/v1/grades', { image: 'registry.example.com/app:1' });
    expect([other.status, await other.json()]).toEqual([
      403,
      expect.objectContaining({ type: expect.stringContaining('registry-not-allowed') as string }),
    ]);
    const nobody = new Client(client.url, 'scv_nothing');
    expect((await nobody.ask('/api/v1/grades', { image })).status).toBe(401);
  });

  test('takes verdicts of builds, and attaches its own to the image', async () => {
    const keys = join(folder, `keys-${kind}`);
    await generateKeyPair(runTool, keys, '');
    const file = join(keys, 'service.yaml');
    writeFileSync(file, `key: ${join(keys, 'cosign.key')}\n`);
    const [, client] = await open(['--settings', file]);
    // Nobody signed these; who takes none at all answers 503.
    const unsigned = await client.ask('/api/v1/verdicts', { image, bundles: [{}, {}] });
    expect([unsigned.status, await unsigned.text()]).toEqual([
      422,
      expect.stringContaining('not-a-verdict') as string,
    ]);
    const id = await client.grade(image);
    await client.done([id]);
    expect((await client.ask(`/api/v1/grades/${id}/attach`, {})).status).toBe(202);
    const { digest } = await client.json<{ digest: string }>(`/api/v1/images/${image}`);
    await until('a verdict beside the image', async () => {
      const headers = { accept: 'application/vnd.oci.image.index.v1+json' };
      // A registry without the list of referrers has it under a tag.
      for (const at of [`referrers/${digest}`, `manifests/${digest.replace(':', '-')}`]) {
        const listed = await fetch(`http://${stand.host}/v2/${kind}/app/${at}`, { headers });
        if (listed.ok && (await listed.text()).includes('verification_summary')) return true;
      }
      return false;
    });
  });

  test('makes, lists and revokes tokens while it runs', async () => {
    const [, client] = await open();
    const place = words.slice(words.indexOf('--database'));
    const at = kind === 'postgres' ? place : [];
    const { stdout } = await scoville.expect(0, ['serve', 'token', 'create', 'ci', ...at]);
    const ci = new Client(client.url, stdout.trim());
    expect((await ci.ask('/api/v1/grades', { image })).status).toBe(202);
    const list = await scoville.expect(0, ['serve', 'token', 'list', ...at]);
    expect(list.stdout).toMatch(/^ci {2}ask {2}used /m);
    expect(list.stdout).not.toContain(stdout.trim());
    await scoville.expect(0, ['serve', 'token', 'revoke', 'ci', ...at]);
    expect((await ci.ask('/api/v1/grades', { image })).status).toBe(401);
  });

  test('says which port is taken, and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await until('a port', () => server.listening);
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    try {
      const taken = stand.start([...words, '--listen', `127.0.0.1:${port}`], scoville.home);
      expect([(await taken.ended).code, taken.stderr]).toEqual([
        2,
        expect.stringContaining(`127.0.0.1:${port} cannot be used: another process listens there`),
      ]);
      expect(taken.stderr).toContain('--listen 127.0.0.1:0');
    } finally {
      server.close();
    }
  });

  test('ends in the middle of grades on SIGTERM, and goes on with all of them', async () => {
    const [service, client] = await open();
    const all = await stand.images(`${kind}-term`, 12);
    const ids: string[] = [];
    for (const one of all) ids.push(await client.grade(one));
    await until(
      'a grade that runs',
      async () => (await client.status(ids[0] ?? '')).status !== 'queued',
    );
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    const [, again] = await open();
    const later = new Client(again.url, token);
    await later.done(ids);
    for (const one of all) expect(await later.grades(one)).toBe(1);
  });

  test('killed again and again in the middle of grades, it has each exactly once', async () => {
    let [service, client] = await open();
    const all = await stand.images(`${kind}-kill`, 24);
    const ids: string[] = [];
    for (const one of all) ids.push(await client.grade(one));
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(Math.random() * 1500);
      await service.stop('SIGKILL');
      [service, client] = await open();
    }
    await client.done(ids, AFTER_A_KILL_MS);
    for (const one of all) expect(await client.grades(one)).toBe(1);
  });
});

test('the second serve on one folder says which process has it', async () => {
  const scoville = scovilleHere();
  const words = ['serve', '--listen', '127.0.0.1:0', '--registry', stand.host];
  const first = stand.start(words, scoville.home);
  await first.url();
  const second = stand.start(words, scoville.home);
  expect([(await second.ended).code, second.stderr]).toEqual([
    2,
    expect.stringContaining(`is in use by process ${String(first.child.pid)}`),
  ]);
  expect(readdirSync(join(scoville.home, 'service'))).toContain('local.json');
});

describe('PostgreSQL and workers of their own', () => {
  const scoville = scovilleHere();
  let place = '';
  let token = '';

  beforeAll(async () => {
    place = await stand.postgres.database();
    const made = ['serve', 'token', 'create', 'tests', '--scope', 'admin', '--database', place];
    token = (await scoville.expect(0, made)).stdout.trim();
  });

  const common = () => ['--listen', '127.0.0.1:0', '--registry', stand.host, '--database', place];
  const openWorker = () => stand.start(['worker', ...common(), '--workers', '1'], scoville.home);
  async function openService(): Promise<Client> {
    const service = stand.start(['serve', ...common(), '--workers', '0'], scoville.home);
    return new Client(await service.url(), token);
  }
  const openWorkers = async (): Promise<readonly ServiceProcess[]> => {
    const both = [openWorker(), openWorker()];
    for (const one of both) await one.url();
    return both;
  };

  test('processes that start together on an empty database all start', async () => {
    const empty = await stand.postgres.database();
    const words = ['--listen', '127.0.0.1:0', '--registry', stand.host, '--database', empty];
    const all = ['serve', 'worker', 'worker', 'worker'].map((name) =>
      stand.start([name, ...words, '--workers', '1'], scoville.home),
    );
    for (const one of all) expect(await one.url()).toContain('http://127.0.0.1:');
  });

  test('two workers share what was asked for; no grade is there twice', async () => {
    const client = await openService();
    const workers = await openWorkers();
    const all = await stand.images('shared', 40);
    const ids: string[] = [];
    for (const one of all) ids.push(await client.grade(one));
    await client.done(ids);
    for (const one of all) expect(await client.grades(one)).toBe(1);
    const done = [];
    for (const one of workers) {
      const metrics = await (await fetch(`${await one.url()}/metrics`)).text();
      done.push(
        Number(/^scoville_grade_seconds_count\{outcome="done"\} (\d+)$/m.exec(metrics)?.[1] ?? 0),
      );
    }
    expect(done.reduce((sum, one) => sum + one, 0)).toBe(40);
    expect(Math.min(...done)).toBeGreaterThan(0);
  });

  test('workers killed at random leave each grade exactly once', async () => {
    const client = await openService();
    let workers = await openWorkers();
    const all = await stand.images('killed', 30);
    const ids: string[] = [];
    for (const one of all) ids.push(await client.grade(one));
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(Math.random() * 1500);
      const [first, ...others] = workers;
      await first?.stop('SIGKILL');
      workers = [...others, openWorker()];
      await workers.at(-1)?.url();
    }
    await client.done(ids, AFTER_A_KILL_MS);
    for (const one of all) expect(await client.grades(one)).toBe(1);
  });

  test('a database that is away and comes back: 503 with Retry-After, and nothing is lost', async () => {
    const client = await openService();
    const workers = await openWorkers();
    const all = await stand.images('away', 20);
    const ids: string[] = [];
    for (const one of all) ids.push(await client.grade(one));
    await stand.postgres.stop('immediate');
    const away = await client.ask('/api/v1/images');
    expect([away.status, Number(away.headers.get('retry-after')) > 0]).toEqual([503, true]);
    expect((await client.ask('/readyz')).status).toBe(503);
    expect((await client.ask('/healthz')).status).toBe(200);
    await stand.postgres.start();
    await client.done(ids, AFTER_A_KILL_MS);
    for (const one of all) expect(await client.grades(one)).toBe(1);
    for (const one of workers) expect(one.child.exitCode).toBe(null);
  });
});
