import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { FileTree } from '../../../src/facts/filesystem/file-tree.ts';
import type { PlacedLayer } from '../../../src/facts/layer-facts.ts';
import { digestOf } from '../../../src/model/digest.ts';
import type { CacheHome } from '../../../src/oci/layout/caches.ts';
import { imageTree } from '../../../src/pipeline/layers/inspect-image.ts';
import { everyPlace } from '../../facts/filesystem/every-place.ts';
import { file, hardlink, type Item, layerFacts, link, program } from '../../facts/support.ts';
import { temporaryFolder } from '../../fakes/layouts.ts';

function layer(name: string, items: readonly Item[]): PlacedLayer {
  return { digest: digestOf(name), facts: layerFacts(items) };
}

const many = (folder: string): Item[] =>
  Array.from({ length: 8000 }, (_, i) => file(`${folder}/${i.toString(7)}/name-${i}`, 'x'));

const LOWEST = [
  layer('base', [
    ...many('usr/lib'),
    program('bin/busybox'),
    hardlink('bin/ash', 'bin/busybox'),
    link('bin/sh', 'busybox'),
  ]),
  layer('more', [file('usr/lib/.wh.3')]),
];
const top = (name: string): PlacedLayer[] => [
  ...LOWEST,
  layer(name, [file(`srv/${name}`), program('usr/lib/0/name-0'), file('bin/.wh.sh')]),
];

const seen = (tree: FileTree): unknown =>
  everyPlace(tree).map(({ path, kind, size, layer: of, attributes, inode }) => [
    ...[path, kind, size, of],
    ...[attributes, kind === 'h' ? inode.path : undefined],
  ]);

function kept({ paths }: CacheHome): string[] {
  const folder = join(paths.cache, 'trees');
  const [schema = ''] = readdirSync(folder);
  return readdirSync(join(folder, schema)).map((name) => join(folder, schema, name));
}

test('what the lowest layers come to is kept once others change on them, and comes to the same', async () => {
  const cache = { paths: { cache: temporaryFolder() } };
  for (const name of ['first', 'second', 'third']) {
    const layers = top(name);
    const plain = seen(await imageTree(layers, 2, undefined));
    expect(seen(await imageTree(layers, 2, cache))).toEqual(plain);
    expect(plain).toContainEqual([`srv/${name}`, 'f', 0, digestOf(name), undefined, undefined]);
  }
  expect(kept(cache)).toHaveLength(1);
});

test('nothing is kept where no layer changed, none was known, or the layers are small', async () => {
  const cache = { paths: { cache: temporaryFolder() } };
  await imageTree(top('first'), 3, cache);
  await imageTree(top('first'), 0, cache);
  await imageTree([layer('small', [file('a')]), layer('top', [file('b')])], 1, cache);
  expect(readdirSync(cache.paths.cache)).toEqual([]);
});

test('what is damaged is made anew', async () => {
  const cache = { paths: { cache: temporaryFolder() } };
  await imageTree(top('first'), 2, cache);
  const [path = ''] = kept(cache);
  const bytes = readFileSync(path);
  for (const damaged of [
    Buffer.concat([bytes.subarray(0, -1), Buffer.of(7)]),
    bytes.subarray(0, 1000),
  ]) {
    writeFileSync(path, damaged);
    const plain = seen(await imageTree(top('second'), 2, undefined));
    expect(seen(await imageTree(top('second'), 2, cache))).toEqual(plain);
    expect(statSync(path).size).toBe(bytes.length);
  }
});
