import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { bases, own, registry } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const scoville = scovilleHere();
const image = own(`${registry}/policy-forms-e2e:1`);
const folder = folderHere('policy-forms');

beforeAll(async () => {
  writeFileSync(join(folder, 'Dockerfile'), `FROM ${bases.busybox}\nLABEL run=${randomUUID()}\n`);
  await scoville.expect(0, ['build', '--offline', '--push', '-t', image, folder]);
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
