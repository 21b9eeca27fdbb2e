import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileTree, listedFiles } from '../../src/facts/filesystem.ts';
import { file, folder, hardlink, type Item, layerFacts, link, placed, program } from './support.ts';
import { unpacked } from './unpacked.ts';

function paths(...layers: readonly (readonly Item[])[]): readonly string[] {
  return [...new FileTree(placed(...layers)).places()].map(({ path }) => path).sort();
}

describe('layers on each other', () => {
  const usr = [folder('usr/bin'), program('usr/bin/sh'), link('bin', 'usr/bin')];

  test.each<[string, readonly Item[], string]>([
    [
      'a folder hides a link of the same name',
      [folder('bin'), program('bin/app')],
      'bin bin/app USR',
    ],
    ['an opaque folder and a link below', [folder('bin'), file('bin/.wh..wh..opq')], 'bin USR'],
    ['a whiteout and a link below', [file('bin/.wh.sh')], 'bin USR'],
    ['a whiteout takes a link and not its target', [file('.wh.bin')], 'USR'],
    ['a folder after its own whiteout', [file('.wh.usr'), folder('usr')], 'bin USR'],
    ['the device 0/0', [{ path: 'usr', type: 'char', devmajor: 4096, devminor: 0 }], 'bin'],
    ['the root is never opaque', [file('.wh..wh..opq')], 'bin USR'],
  ])('%s', (_, upper, expected) => {
    expect(paths(usr, upper).join(' ')).toBe(expected.replace('USR', 'usr usr/bin usr/bin/sh'));
  });
});

test('an odd opaque mark in the lowest layer is refused, for the stores differ', () => {
  const layer = [file('d/e/f'), file('d/.wh..wh..opq')];
  expect(() => paths(layer)).toThrow('engines differ in what the marks of removed files');
  expect(paths([file('x')], layer)).toEqual(['d', 'd/e', 'd/e/f', 'x']);
});

test('a folder may hold more entries than a call has arguments', () => {
  const items = Array.from({ length: 200_000 }, (_, i) => file(`big/${i}`));
  expect([...new FileTree(placed(items)).places()]).toHaveLength(200_001);
});

const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'a-b', 'é', '嗨', 'd\ne', 'f 1 g') },
  fc.string({ unit: 'binary', minLength: 1 }).filter((one) => !/[/\0]|^\.{1,2}$/.test(one)),
);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const target = fc.oneof(path, fc.constantFrom('..', '../a', '/', 'x\ny', '/a/b'));
const item: fc.Arbitrary<Item> = fc.oneof(
  path.map((one) => program(one)),
  path.map((one) => file(one, 'text', 0o4644)),
  path.map(folder),
  fc.tuple(path, target).map(([one, to]) => link(one, to)),
  fc.tuple(path, path).map(([one, to]) => hardlink(one, to)),
);

test('what a layer has is in the tree under its path, whatever it is called', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 20 }), (items) => {
      const taken = unpacked(items);
      const tree = new FileTree(placed(taken));
      const places = [...tree.places()];
      for (const place of places) expect(tree.find(place.path, false)).toBe(place);
      const files = new Set(places.filter(({ kind }) => kind === 'f').map((one) => one.path));
      expect(new Set(listedFiles(layerFacts(taken)))).toEqual(files);
      const shared = places.filter(({ kind }) => kind === 'h').map(({ target: to }) => to);
      expect(shared.every((one) => one?.kind === 'f' && files.has(one.path))).toBe(true);
    }),
    { numRuns: 300 },
  );
});
