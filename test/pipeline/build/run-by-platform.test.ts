import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStore } from '../../../src/oci/layout/layout-store.ts';
import { readExport } from '../../../src/pipeline/build/read-export.ts';
import { forPlatform, runByPlatform } from '../../../src/pipeline/build/run-by-platform.ts';
import { makeImage, temporaryFolder } from '../../fakes/layouts.ts';

test('a platform’s words are all the others, with its own layout', () => {
  const argv = [
    ...['buildx', 'build', '--output=type=oci,dest=/l/b,tar=false', '--platform=a,b'],
    ...['--tag=x', '--', '--platform=odd'],
  ];
  expect(forPlatform(argv, 'linux/arm64', '/l/b', '/l/b/platforms/1')).toEqual([
    ...['buildx', 'build', '--platform=linux/arm64'],
    ...['--output=type=oci,dest=/l/b/platforms/1,tar=false', '--tag=x', '--', '--platform=odd'],
  ]);
});

test('what the platforms’ builds exported becomes one index', async () => {
  const store = await openStore(temporaryFolder());
  const build = await store.newBuild();
  const outcome = await runByPlatform(
    build.dir,
    store.blobs,
    ['buildx', 'build', `--output=type=oci,dest=${build.dir},tar=false`, '.'],
    ['linux/amd64', 'linux/amd64/v2'],
    async (argv) => {
      const into = /dest=([^,]*)/.exec(argv.join(' '))?.[1] ?? '';
      mkdirSync(into, { recursive: true });
      const { manifest } = await makeImage(store.blobs, [{ file: into.slice(-1) }]);
      const { mediaType, digest, size } = manifest;
      const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size }] };
      writeFileSync(join(into, 'index.json'), JSON.stringify(index));
      return { exitCode: 0, stdout: '', errorText: '' };
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
  const outcome = await runByPlatform(build.dir, store.blobs, [], ['a', 'b'], () => {
    runs += 1;
    return Promise.resolve({ exitCode: 17, stdout: '', errorText: 'no' });
  });
  expect(outcome).toMatchObject({ exitCode: 17, errorText: 'no' });
  expect(runs).toBe(1);
});
