import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readExport } from '../../src/build/normalise-built.ts';
import { layoutOutput } from '../../src/build/plan.ts';
import { runByPlatform } from '../../src/build/run-buildkit.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { makeImage, temporaryFolder } from '../fakes/layouts.ts';

const EMPTY = { flags: [], context: '.', env: {} };

test('what the platforms’ builds exported becomes one index', async () => {
  const store = await openStore(temporaryFolder());
  const build = await store.newBuild();
  const outcome = await runByPlatform(
    build.dir,
    store.blobs,
    { outputs: [layoutOutput(build.dir)], ...EMPTY },
    ['linux/amd64', 'linux/amd64/v2'],
    async ({ outputs }) => {
      const into = /dest=([^,]*)/.exec(outputs.join(' '))?.[1] ?? '';
      mkdirSync(into, { recursive: true });
      const { manifest } = await makeImage(store.blobs, [{ file: into.slice(-1) }]);
      const { mediaType, digest, size } = manifest;
      const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size }] };
      writeFileSync(join(into, 'index.json'), JSON.stringify(index));
      return { exitCode: 0, errorText: '' };
    },
  );
  expect(outcome.exitCode).toBe(0);
  const built = await readExport(build.dir, store.blobs);
  expect(built.map(({ descriptor }) => descriptor.platform)).toEqual([
    { os: 'linux', architecture: 'amd64' },
    { os: 'linux', architecture: 'amd64' },
  ]);
  expect(() => readFileSync(join(build.dir, 'platforms/0/index.json'))).toThrow('ENOENT');
});

test('a failure ends it with its exit code', async () => {
  const store = await openStore(temporaryFolder());
  const build = await store.newBuild();
  let runs = 0;
  const outcome = await runByPlatform(
    build.dir,
    store.blobs,
    { outputs: [], ...EMPTY },
    ['a', 'b'],
    () => {
      runs += 1;
      return Promise.resolve({ exitCode: 17, errorText: 'no' });
    },
  );
  expect(outcome).toMatchObject({ exitCode: 17, errorText: 'no' });
  expect(runs).toBe(1);
});
