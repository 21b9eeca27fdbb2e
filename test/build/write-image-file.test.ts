import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeImageFile } from '../../src/build/load-image.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { makeImage, temporaryFolder } from '../fakes/layouts.ts';

/** A folder, and a way to write an image to a file in it. */
async function writer() {
  const folder = temporaryFolder();
  const { blobs } = await openStore(join(folder, 'store'));
  const { manifest } = await makeImage(blobs, [{ a: 'b' }]);
  const write = (path: string, directory = false): Promise<void> =>
    writeImageFile(contextOf(fakeRun([]).run, folder), {
      blobs,
      manifests: [manifest],
      path,
      directory,
    });
  return { at: (name: string): string => join(folder, name), write };
}

test('an archive through a link of the user’s own is written where that leads; the link stays', async () => {
  const { at, write } = await writer();
  const elsewhere = temporaryFolder();
  await mkdir(at('real'));
  await writeFile(at('real/image.tar'), 'old');
  await symlink(at('real/image.tar'), join(elsewhere, 'out'));
  await write(join(elsewhere, 'out'));
  expect(readlinkSync(join(elsewhere, 'out'))).toBe(at('real/image.tar'));
  expect(readFileSync(at('real/image.tar'), 'latin1')).toContain('oci-layout');
  expect([readdirSync(at('real')), readdirSync(elsewhere)]).toEqual([['image.tar'], ['out']]);
});

test.each([[false], [true]])(
  'nothing is written through a link of the project; folder: %s',
  async (directory) => {
    const { at, write } = await writer();
    const elsewhere = temporaryFolder();
    await writeFile(join(elsewhere, 'file'), 'old');
    await symlink(directory ? elsewhere : join(elsewhere, 'file'), at('out'));
    await expect(write('out', directory)).rejects.toThrow('leads out of the project');
    expect([readdirSync(elsewhere), readFileSync(join(elsewhere, 'file'), 'utf8')]).toEqual([
      ['file'],
      'old',
    ]);
  },
);

test('four that add an image to one folder at once: all are listed', async () => {
  const folder = temporaryFolder();
  const { blobs } = await openStore(join(folder, 'store'));
  const images = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => makeImage(blobs, [{ [name]: name }])),
  );
  await Promise.all(
    images.map(({ manifest }) =>
      writeImageFile(contextOf(fakeRun([]).run, folder), {
        blobs,
        manifests: [manifest],
        path: 'layout',
        directory: true,
        beside: true,
      }),
    ),
  );
  const index = JSON.parse(readFileSync(join(folder, 'layout/index.json'), 'utf8')) as {
    readonly manifests: readonly { readonly digest: string }[];
  };
  const digests = images.map(({ manifest }) => manifest.digest);
  expect(index.manifests.map(({ digest }) => digest).sort()).toEqual(digests.sort());
  expect(readdirSync(join(folder, 'layout')).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
});
