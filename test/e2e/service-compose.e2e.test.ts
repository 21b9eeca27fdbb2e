import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OWN, ROOT } from './harness.ts';
import { isWhole } from './rows.ts';
import { Client, pushImage } from './service.ts';
import { until } from './until.ts';

const EXAMPLE = join(ROOT, 'examples/service');
const PROJECT = `scoville-compose-${OWN}`;
const IMAGES = 40;
const NETWORK = ['--network', 'host'];

const imageOf = (name: string): string => `${PROJECT}/${name}:1`;
const [servicePort, registryPort] = [18_480, 15_000].map((port) => port + (Number(OWN) % 1000));
const env = {
  ...{ DATABASE_PASSWORD: 'of-the-database-in-this-test', WEBHOOK_SECRET: 'a'.repeat(48) },
  ...{ SERVICE_PORT: String(servicePort), REGISTRY_PORT: String(registryPort) },
  SCOVILLE_IMAGE: imageOf('service'),
  POSTGRES_IMAGE: imageOf('database'),
  REGISTRY_IMAGE: imageOf('registry'),
};

const compose = (...words: string[]) =>
  execa('docker', ['compose', '--project-name', PROJECT, ...words], { cwd: EXAMPLE, env });

async function build(target: string, folder: string, ...words: string[]): Promise<void> {
  await execa('docker', [
    ...['build', '--quiet', ...NETWORK, '--target', target, '--tag', imageOf(target)],
    ...[...words, folder],
  ]);
}

// Builds the service's own image, and waits for containers: minutes.
describe.runIf(isWhole)('examples/service', () => {
  beforeAll(async () => {
    const base = process.env['SCOVILLE_BASE_DEBIAN'] ?? '';
    const registry = process.env['SCOVILLE_REGISTRY'] ?? '';
    const words = ['scripts/package/service-package.mjs', '--with-libraries'];
    await execa(process.execPath, words, { cwd: ROOT });
    const stacks = await execa(join(ROOT, 'scripts/engine.sh'), [
      ...['stacks', 'distroless/nodejs22-debian13:nonroot'],
    ]);
    expect(stacks.stdout).toContain(registry);
    await build(
      ...(['service', ROOT, '--build-arg', `DEBIAN=${base}`, '--build-arg'] as const),
      `NODE_RUNTIME=${registry}/distroless/nodejs22-debian13:nonroot`,
    );
    const fixtures = join(ROOT, 'test/fixtures/compose');
    for (const name of ['database', 'registry'])
      await build(name, fixtures, '--build-arg', `BASE=${base}`);
    await compose('up', '--detach', '--wait', '--wait-timeout', '300');
  });
  afterAll(async () => {
    await compose('down', '--volumes', '--timeout', '5').catch(() => undefined);
    const images = ['service', 'database', 'registry'].map(imageOf);
    await execa('docker', ['image', 'rm', '--force', ...images], { reject: false });
  });

  test('grades what is pushed; two workers in two containers share it, and no grade is there twice', async () => {
    const host = `localhost:${registryPort}`;
    const created = await compose(
      'exec',
      '-T',
      'service',
      'scoville',
      'serve',
      'token',
      'create',
      'me',
    );
    const client = new Client(`http://127.0.0.1:${servicePort}`, created.stdout.trim());
    const names = Array.from({ length: IMAGES }, (_, i) => `team/app-${i}:1`);
    for (const name of names) await pushImage(host, name);
    const grades = async (name: string): Promise<number> => {
      const answer = await client.ask(`/api/v1/history/registry:5000/${name}`);
      if (answer.status === 404) return 0;
      return ((await answer.json()) as { grades: unknown[] }).grades.length;
    };
    for (const name of names)
      await until(`a grade of ${name}`, async () => (await grades(name)) > 0, 400_000);
    for (const name of names) expect(await grades(name)).toBe(1);
    const badge = await client.ask(`/badge/registry:5000/${names[0] ?? ''}/overall.svg`);
    expect(await badge.text()).toMatch(/>[A-D]\+?</);
    // All at once, so that nobody can do them alone.
    const ids = await Promise.all(
      names.map(async (name) => {
        const image = `registry:5000/${name}`;
        return (await client.json<{ id: string }>('/api/v1/grades', { image, fresh: true })).id;
      }),
    );
    await client.done(ids, 400_000);
    for (const name of names) expect(await grades(name)).toBe(2);
    const doneBy = async (service: string, index: number): Promise<number> => {
      const { stdout } = await compose(
        ...['exec', '-T', '--index', String(index), service, '/nodejs/bin/node', '--eval'],
        "fetch('http://127.0.0.1:8480/metrics').then((a) => a.text()).then(console.log)",
      );
      const found = /^scoville_grade_seconds_count\{outcome="done"\} (\d+)$/m.exec(stdout);
      return Number(found?.[1] ?? 0);
    };
    const done = [await doneBy('service', 1), await doneBy('worker', 1), await doneBy('worker', 2)];
    expect(done.reduce((sum, one) => sum + one, 0)).toBe(2 * IMAGES);
    expect(Math.min(...done)).toBeGreaterThan(0);
  });

  test('runs without root, and writes nothing into its root', async () => {
    const node = ['/nodejs/bin/node', '--eval'];
    const said = await compose(
      ...['exec', '-T', 'worker', ...node],
      "console.log(process.getuid()); try { require('fs').writeFileSync('/usr/x', '') } catch (e) { console.log(e.code) }",
    );
    expect(said.stdout.split('\n')).toEqual(['65532', 'EROFS']);
  });
});
