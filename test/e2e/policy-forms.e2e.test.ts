import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bases, own, registry, Scoville } from './harness.ts';

const scoville = new Scoville();
const image = own(`${registry}/policy-forms-e2e:1`);
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-policy-forms-'));
  writeFileSync(join(folder, 'Dockerfile'), `FROM ${bases.busybox}\nLABEL run=${randomUUID()}\n`);
  await scoville.expect(0, ['build', '--offline', '--push', '-t', image, folder]);
});
afterAll(() => {
  scoville.remove();
  rmSync(folder, { recursive: true, force: true });
});

test.each([
  ['statements', ['--type', 'sbom', '--type', 'provenance']],
  ['a level', ['--min-level', '0']],
])(
  'engines that read .att get a policy that asks for %s, where they lie there',
  async (_, asked) => {
    const key = ['--key', scoville.publicKey];
    for (const engine of ['policy-controller', 'kyverno-cluster-policy']) {
      const args = ['policy', ...key, ...asked, '--for', engine, '--output', join(folder, engine)];
      const { stdout } = await scoville.expect(0, [...args, image]);
      expect(stdout.trim()).toMatch(new RegExp(`${engine}\\.yaml$`, 'm'));
    }
  },
);
