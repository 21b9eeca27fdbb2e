import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileTree } from '../../../src/facts/filesystem/file-tree.ts';
import { filesystemFact } from '../../../src/facts/filesystem/filesystem.ts';
import {
  attributesAt,
  type Known,
  linkAt,
  PathListWriter,
} from '../../../src/facts/filesystem/path-list-writer.ts';
import { type ListedPath, readPathList } from '../../../src/facts/filesystem/path-list.ts';
import type { Place } from '../../../src/facts/filesystem/place.ts';
import type { PlacedLayer } from '../../../src/facts/layer-facts.ts';
import { digestOf } from '../../../src/model/digest.ts';
import {
  file,
  folder,
  hardlink,
  type Item,
  layerFacts,
  link as symbolic,
  program,
} from '../support.ts';
import { everyPlace } from './every-place.ts';
import { unpacked } from './unpacked.ts';

interface PlainEntry {
  readonly listed: ListedPath;
  readonly known: Known | undefined;
}

const name = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'b', 'a-b', 'a.c', 'é', 'ÿ', '嗨', 'd\ne', '\udc80'),
  },
  fc.string({ unit: 'binary', minLength: 1 }).filter((one) => !/[/\0]|^\.{1,2}$/.test(one)),
);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const link = fc.oneof(
  path,
  path.map((one) => `/${one}`),
  fc.constantFrom('..', '../a', '/', '', 'x\ny', 'a/../b'),
);
const attributes = fc.record({
  mode: fc.constantFrom(0o755, 0o644, 0o4755),
  uid: fc.constantFrom(0, 1000),
  gid: fc.constant(0),
  executable: fc.constantFrom('elf' as const, 'script' as const),
});
const entry: fc.Arbitrary<PlainEntry> = fc.oneof(
  fc
    .record({ path, size: fc.nat(), known: fc.option(attributes, { nil: undefined }) })
    .map(({ known, ...listed }) => ({
      listed: { kind: 'f' as const, ...listed },
      known: known === undefined ? undefined : { attributes: known },
    })),
  fc
    .record({ path, kind: fc.constantFrom('d' as const, 'w' as const, 'o' as const, 'x' as const) })
    .map((listed) => ({ listed: { size: 0, ...listed }, known: undefined })),
  fc
    .record({ path, link, attributes, kind: fc.constantFrom('l' as const, 'h' as const) })
    .map(({ path: at, kind, ...known }) => ({ listed: { kind, size: 0, path: at }, known })),
);
const item: fc.Arbitrary<Item> = fc.oneof(
  path.map((one) => program(one)),
  path.map((one) => file(one, 'text', 0o4644)),
  path.map(folder),
  path.map((one) => file(one.replace(/[^/]*$/, '.wh.a'))),
  path.map((one) => file(one.replace(/[^/]*$/, '.wh..wh..opq'))),
  fc.tuple(path, link).map(([one, target]) => symbolic(one, target)),
  fc.tuple(path, path).map(([one, target]) => hardlink(one, target)),
);
const layers = fc.array(fc.array(item, { maxLength: 20 }), { minLength: 1, maxLength: 4 });

function placedOf(all: readonly (readonly Item[])[]): readonly PlacedLayer[] {
  return all.map((items, i) => ({
    digest: digestOf(`layer ${i}`),
    // Of the lowest layer, no mark is odd.
    facts: { ...layerFacts(unpacked(items)), needsLower: false },
  }));
}

const seen = (node: Place | undefined): unknown =>
  node === undefined
    ? undefined
    : [
        node.path,
        node.kind,
        node.size,
        node.layer,
        node.attributes,
        node.kind === 'h' ? node.inode.path : undefined,
      ];
describe('places in columns', () => {
  test('are found by their paths, with and without layers whose places were kept from before', () => {
    fc.assert(
      fc.property(layers, fc.array(link, { maxLength: 10 }), fc.nat(4), (all, asked, known) => {
        const placed = placedOf(all);
        const tree = new FileTree(placed).apply();
        const restored = new FileTree(placed);
        const lowest = new FileTree(placed.slice(0, known)).apply();
        expect(restored.restore(lowest.keep())).toBe(true);
        restored.apply();
        expect(everyPlace(restored).map(seen)).toEqual(everyPlace(tree).map(seen));
        for (const node of everyPlace(tree)) expect(tree.find(node.path, false)?.id).toBe(node.id);
        for (const one of asked)
          expect(seen(restored.find(one, true))).toEqual(seen(tree.find(one, true)));
      }),
      { numRuns: 300 },
    );
  });

  test('that are kept are taken for the same layers only', () => {
    fc.assert(
      fc.property(layers, layers, (all, others) => {
        const kept = new FileTree(placedOf(all)).apply().keep();
        const tree = new FileTree(placedOf(others));
        const isSame = all.every(
          (_, i) => placedOf(all)[i]?.facts.paths === placedOf(others)[i]?.facts.paths,
        );
        expect(tree.restore(kept)).toBe(isSame);
        const expected = new FileTree(placedOf(others)).apply();
        expect(everyPlace(tree.apply()).map(seen)).toEqual(everyPlace(expected).map(seen));
      }),
    );
  });

  test('files made as they are asked for are those that are kept, by path', () => {
    fc.assert(
      fc.property(layers, (all) => {
        const placed = placedOf(all);
        const tree = new FileTree(placed).apply();
        const kept = filesystemFact(tree);
        const made = filesystemFact(tree, 0);
        for (const list of ['executables', 'elevated', 'managerFiles'] as const) {
          const files = kept[list].map((file) => file);
          const paths = files.map((file) => file.path);
          expect(paths).toEqual([...paths].sort());
          expect([...made[list]]).toEqual(files);
          expect(made[list]).toHaveLength(files.length);
          expect(made[list].map((file) => file.path)).toEqual(paths);
          expect(made[list].flatMap((file) => [file, file.path])).toEqual(
            files.flatMap((file) => [file, file.path]),
          );
          const isScript = ({ executable }: { executable?: string }): boolean =>
            executable === 'script';
          expect(made[list].filter(isScript)).toEqual(files.filter(isScript));
          expect(made[list].find(isScript)).toEqual(files.find(isScript));
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('a list tells attributes and links of those that have them', () => {
  fc.assert(
    fc.property(fc.array(entry), (entries) => {
      const writer = new PathListWriter();
      for (const { listed, known } of entries) writer.add(listed, known);
      const text = writer.finish();
      const told: unknown[] = [];
      readPathList(text, (kind, _size, _folder, _name, places) => {
        told.push([
          kind,
          places.attributes < 0 ? undefined : attributesAt(text, places.attributes),
          places.link < 0 ? undefined : linkAt(text, places.link),
        ]);
      });
      expect(told).toEqual(
        entries.map(({ listed, known }) => [listed.kind, known?.attributes, known?.link]),
      );
    }),
  );
});

test('a list has numbers for more attributes than it keeps', () => {
  const writer = new PathListWriter();
  const of = (uid: number) => ({ attributes: { mode: 0o755, uid, gid: 0 } });
  const uids = Array.from({ length: 30_000 }, (_, i) => (i * 7) % 10_000);
  for (const uid of uids) writer.add({ kind: 'f', size: 0, path: `f${uid}` }, of(uid));
  const text = writer.finish();
  const told: number[] = [];
  readPathList(text, (_kind, _size, _folder, _name, { attributes: at }) => {
    told.push(attributesAt(text, at).uid);
  });
  expect(told).toEqual(uids);
});
