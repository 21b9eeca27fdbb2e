import { describe, expect, test } from 'vitest';
import { FileTree } from '../../../src/facts/filesystem/file-tree.ts';
import { PathListWriter } from '../../../src/facts/filesystem/path-list-writer.ts';
import type { ListedPath } from '../../../src/facts/filesystem/path-list.ts';
import type { PlacedLayer } from '../../../src/facts/layer-facts.ts';
import { digestOf } from '../../../src/model/digest.ts';
import { everyPlace } from './every-place.ts';

function layer(paths: readonly ListedPath[]): PlacedLayer {
  const writer = new PathListWriter();
  for (const path of paths) writer.add(path);
  const rest = {
    schema: 1,
    packages: [],
    unreadable: [],
    licences: {},
    secrets: [],
    suppressedSecrets: [],
    scannedFiles: 0,
    partlyReadFiles: 0,
    secretsScanned: true,
    texts: {},
  };
  return {
    digest: digestOf(Buffer.from(JSON.stringify(paths))),
    facts: { ...rest, paths: writer.finish() },
  };
}

function listed(kind: ListedPath['kind'], path: string): ListedPath {
  return { kind, size: 0, path };
}

describe('entries of one folder that follow each other', () => {
  test.each<[string, readonly ListedPath[], readonly string[]]>([
    [
      'a file takes the place of their folder',
      [listed('f', 'a/x'), listed('f', 'a'), listed('f', 'a/y')],
      ['a', 'a/y'],
    ],
    [
      'their folder is listed again',
      [listed('f', 'a/x'), listed('d', 'a'), listed('f', 'a/y')],
      ['a', 'a/x', 'a/y'],
    ],
    [
      'a link (to the root) takes the place of a folder above',
      [listed('d', 'b'), listed('f', 'a/c/x'), listed('l', 'a'), listed('f', 'a/c/y')],
      ['a', 'b', 'c', 'c/y'],
    ],
  ])('%s', (_, paths, expected) => {
    const tree = new FileTree([layer(paths)]).apply();
    expect(
      everyPlace(tree)
        .map((node) => node.path)
        .sort(),
    ).toEqual(expected);
  });

  test('a folder that the layer below lost is made again', () => {
    const tree = new FileTree([
      layer([listed('f', 'a/x')]),
      layer([listed('f', 'a/y'), listed('w', 'a')]),
    ]).apply();
    expect(
      everyPlace(tree)
        .map((node) => node.path)
        .sort(),
    ).toEqual(['a', 'a/y']);
  });
});

test('a folder may hold more entries than a call has arguments', () => {
  const paths = Array.from({ length: 200_000 }, (_, i) => listed('f', `big/${i}`));
  expect(everyPlace(new FileTree([layer(paths)]).apply())).toHaveLength(200_001);
});
