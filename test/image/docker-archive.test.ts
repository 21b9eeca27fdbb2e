import { expect, test } from 'vitest';
import { dockerLoadStream } from '../../src/image/archive/docker-archive.ts';
import { BlobStore } from '../../src/image/blob-store.ts';
import { namedEntries } from '../../src/image/image-index.ts';
import { openStored } from '../../src/image/layout/open-layout.ts';
import { digestOf } from '../../src/model/reference.ts';
import { collect, makeImage, makeIndex, temporaryFolder } from '../fakes/layouts.ts';
import { readTar } from '../fakes/tar-bytes.ts';

async function setUp() {
  const blobs = new BlobStore(temporaryFolder());
  await blobs.prepare();
  const image = await makeImage(blobs, [{ a: 'base' }, { b: 'app' }]);
  const root = await makeIndex(blobs, [image.manifest]);
  return { blobs, image, root };
}

test('leaves out what the engine has, which need not be here', async () => {
  const { blobs, image, root } = await setUp();
  const base = image.layers[0]?.digest ?? digestOf('');
  await blobs.remove(base.slice(7));
  const left: number[] = [];
  const all: number[] = [];
  const bytes = await collect(
    dockerLoadStream({
      blobs,
      manifests: [root],
      omit: new Set([base]),
      onTransfer: ({ done, total }) => {
        left.push(total - done);
        all.push(total);
      },
    }),
  );
  expect(readTar(bytes).map((e) => e.entry.name)).not.toContain(`blobs/sha256/${base.slice(7)}`);
  // Every blob is told of before the first is read, then as it was read.
  expect(left).toEqual([...all.slice(0, 4), 0, 0, 0, 0]);
});

test('what does not read index.json has the one platform in manifest.json, by its names', async () => {
  const { blobs, image, root } = await setUp();
  const opened = (await openStored(blobs, root)).platforms;
  const manifestOf = async (names: readonly string[], forClassic = opened): Promise<unknown> => {
    const manifests = namedEntries(
      root,
      names.map((full) => ({ full, tag: 'x' })),
    );
    const files = readTar(await collect(dockerLoadStream({ blobs, manifests, forClassic })));
    const found = files.find(({ entry }) => entry.name === 'manifest.json');
    return found && JSON.parse(Buffer.from(found.content).toString());
  };
  const path = ({ digest }: { readonly digest: string }): string =>
    `blobs/sha256/${digest.slice(7)}`;
  const entry = { Config: path(image.config), Layers: image.layers.map(path) };
  expect(await manifestOf([])).toEqual([{ ...entry, RepoTags: null }]);
  expect(await manifestOf(['docker.io/library/a:1', 'localhost:5000/b/c:2'])).toEqual([
    { ...entry, RepoTags: ['a:1', 'localhost:5000/b/c:2'] },
  ]);
  expect(await manifestOf([], [...opened, ...opened])).toBeUndefined();
});

test('a missing blob is an error', async () => {
  const { blobs, image, root } = await setUp();
  await blobs.remove(image.config.digest.slice(7));
  await expect(collect(dockerLoadStream({ blobs, manifests: [root] }))).rejects.toThrow(
    /is not in the layout/,
  );
});
