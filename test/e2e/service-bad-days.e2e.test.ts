import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import { parse } from 'parse5';
import { expect, onTestFinished, test } from 'vitest';
import { layerTar } from '../fakes/tar-bytes.ts';
import { bombLayer, manyFilesLayer } from '../service/hostile-layers.ts';
import { isWhole } from './rows.ts';
import { Client, pushImage, type ServiceProcess, ServiceStand } from './service.ts';
import { until } from './until.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const AWAY_MS = isWhole ? 60_000 : 3_000;
/** A job whose process lost it comes back within two minutes. */
const LONGEST_MS = 400_000;

const folder = folderHere('service-bad-days');
const scoville = scovilleHere();
const stand = new ServiceStand(folder);

/** A service and a worker of its own, with these bounds; what it keeps on disk is in `home`. */
async function open(
  bounds: object = {},
  home = scoville.home,
): Promise<{ client: Client; all: ServiceProcess[] }> {
  const place = await stand.postgres.database();
  const file = join(folder, 'service.yaml');
  writeFileSync(
    file,
    JSON.stringify({ registries: [{ host: stand.host, plainHttp: true }], bounds }),
  );
  const words = ['--listen', '127.0.0.1:0', '--settings', file, '--database', place];
  const made = ['serve', 'token', 'create', 'tests', '--scope', 'admin', '--database', place];
  const token = (await scoville.expect(0, made)).stdout.trim();
  const start = (name: string, workers: string): ServiceProcess =>
    stand.start([name, ...words, '--workers', workers], home);
  const service = start('serve', '0');
  const client = new Client(await service.url(), token);
  const worker = start('worker', '2');
  await worker.url();
  return { client, all: [service, worker] };
}

test('PostgreSQL is restarted, then away: 503 with Retry-After, and nothing is lost', async () => {
  const { client, all } = await open();
  const names = Array.from({ length: 24 }, (_, i) => `away/app-${i}:1`);
  for (const one of names) await pushImage(stand.host, one);
  const asked: string[] = [];
  const refused: string[] = [];
  /** As a client that does what it is told: again after the time that the answer says. */
  const ask = async (name: string): Promise<void> => {
    for (;;) {
      const answer = await client.ask('/api/v1/grades', { image: `${stand.host}/${name}` });
      if (answer.status === 202) {
        asked.push(((await answer.json()) as { id: string }).id);
        return;
      }
      expect([answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([503, true]);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      refused.push(name);
      await sleep(500);
    }
  };
  for (const name of names.slice(0, 10)) await ask(name);
  await stand.postgres.stop('fast');
  await stand.postgres.start();
  for (const name of names.slice(10, 20)) await ask(name);
  await stand.postgres.stop('immediate');
  const late = Promise.all(names.slice(20).map(ask));
  const end = performance.now() + AWAY_MS;
  do {
    for (const path of [
      '/',
      '/api/v1/images',
      `/badge/${stand.host}/away/app-0:1/overall.svg`,
      '/readyz',
    ]) {
      const answer = await client.ask(path);
      expect([path, answer.status, Number(answer.headers.get('retry-after')) > 0]).toEqual([
        ...[path, 503, true],
      ]);
    }
    expect((await client.ask('/healthz')).status).toBe(200);
    await sleep(500);
  } while (performance.now() < end);
  await stand.postgres.start();
  await late;
  expect(refused.length).toBeGreaterThan(3);
  await client.done(asked, LONGEST_MS);
  for (const one of names) expect(await client.grades(`${stand.host}/${one}`)).toBe(1);
  for (const one of all) expect(one.child.exitCode).toBe(null);
});

test.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
  'a worker whose disk is full grades all the same',
  async (context) => {
    const home = join(folder, 'full');
    mkdirSync(home);
    const size = ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', home];
    const mount = await execa('mount', size, { reject: false });
    if (mount.failed) context.skip('no right to mount');
    onTestFinished(async () => {
      await stand.killAll();
      // The processes of its graders end a moment later.
      await execa('umount', ['--lazy', home]);
    });
    const { client, all } = await open({}, home);
    await execa('dd', ['if=/dev/zero', `of=${join(home, 'all-of-it')}`], { reject: false });
    const names = ['full/one:1', 'full/two:1'];
    for (const one of names) await pushImage(stand.host, one);
    for (const one of names) await client.done([await client.grade(`${stand.host}/${one}`)]);
    for (const one of all) expect(one.child.exitCode).toBe(null);
  },
);

const EVIL = `</script><script>alert(1)</script><img src=x onerror=alert(2)>\u001b[31m\u001b]0;x\u0007\u202e`;

test('hostile images: each fails for its reason or is text, and the worker lives', async () => {
  const { client, all } = await open({ seconds: 10, memory: '160m' });
  const layer = (tar: Buffer) => ({ tar, packed: gzipSync(tar, { level: 1 }) });
  const bomb = { tar: Buffer.alloc(0), packed: bombLayer() };
  const status = [
    ...[`Package: ${EVIL.replaceAll('\n', '')}`, 'Status: install ok installed', 'Version: 1'],
    ...['Architecture: amd64', `Maintainer: ${EVIL}`, `Description: ${EVIL}`, '', ''],
  ].join('\n');
  const names = layer(
    layerTar({
      'etc/os-release': `ID=debian\nVERSION_ID="13"\nPRETTY_NAME="${EVIL}"\n`,
      'var/lib/dpkg/status': status,
      [`app/${EVIL.replaceAll('/', '')}`]: 'hello',
      'app/node_modules/evil/package.json': JSON.stringify({ name: EVIL, version: EVIL }),
    }),
  );
  await pushImage(stand.host, 'hostile/bomb:1', { layers: [bomb] });
  const many = layer(manyFilesLayer(isWhole ? 1_000_000 : 400_000));
  await pushImage(stand.host, 'hostile/many:1', { layers: [many] });
  await pushImage(stand.host, 'hostile/names:1', {
    layers: [names],
    config: {
      config: {
        User: EVIL,
        Env: [`EVIL=${EVIL}`],
        Labels: { 'org.opencontainers.image.title': EVIL, [EVIL]: EVIL },
        Entrypoint: [EVIL],
      },
      author: EVIL,
      history: [{ created_by: EVIL, comment: EVIL }],
    },
  });
  await pushImage(stand.host, 'hostile/plain:1');
  const at = (name: string): string => `${stand.host}/hostile/${name}:1`;
  const ids = new Map<string, string>();
  for (const name of ['bomb', 'many', 'names', 'plain'])
    ids.set(name, await client.grade(at(name)));
  const why = async (name: string): Promise<string> => {
    const id = ids.get(name) ?? '';
    await until(`${name} ends`, async () => /done|failed/.test((await client.status(id)).status));
    const page = await client.ask(`/images/${at(name)}`);
    const { message = '' } = (await client.status(id)).error ?? {};
    expect(await page.text()).toContain(message);
    return message;
  };
  // Whichever it meets first, on a machine at work.
  expect(await why('bomb')).toMatch(/^it took more than 10 seconds$|250 times its size$/);
  expect(await why('many')).toMatch(/^it took more than (?:10 seconds|160 MiB of memory)$/);
  await client.done([ids.get('names') ?? '', ids.get('plain') ?? '']);
  const id = ids.get('names') ?? '';
  for (const path of ['/', `/images/${at('names')}`, `/api/v1/grades/${id}/report`]) {
    const answer = await client.ask(path);
    const text = await answer.text();
    expect([path, answer.status]).toEqual([path, 200]);
    expect(answer.headers.get('content-security-policy')).toMatch(/^default-src 'none'/);

    expect(text).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e]/);
    expect(text).not.toMatch(/<script>alert|<img src=x/);
    parse(text);
  }
  const shown = await (await client.ask(`/images/${at('names')}`)).text();
  expect(shown).toContain('&lt;script&gt;alert(1)');
  for (const { child, stderr } of all) {
    expect(child.exitCode).toBe(null);
    expect(stderr).not.toMatch(/[\u001b\u202e]|fatal|unhandled/i);
  }
});
