import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FileTree } from '../../src/facts/filesystem.ts';
import { formatPax } from '../../src/image/tar/tar-header.ts';
import { TAR_END, tarHeader, tarPadding } from '../../src/image/tar/tar-writer.ts';
import type { WalkLimits } from '../../src/image/walk/layer-walk.ts';
import { UserError } from '../../src/lib/errors.ts';
import { digestOf } from '../../src/model/reference.ts';
import { entry } from '../fakes/tar-bytes.ts';
import { archive, factsOf, imageOf, type Item, withChecksums } from './hostile-layer.ts';

async function messageOf(blob: Uint8Array): Promise<string> {
  try {
    await factsOf(blob);
    return 'facts';
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return error.message;
  }
}

/** A header with fields overwritten, its checksum right again. */
function headerWith(fields: Parameters<typeof entry>[0], at: number, text: string): Buffer {
  const block = Buffer.from(tarHeader(entry(fields)));
  block.write(text, at, 'latin1');
  return withChecksums(block);
}

function pax(records: Readonly<Record<string, string>>): Buffer {
  const bytes = formatPax(new Map(Object.entries(records).map(([k, v]) => [k, Buffer.from(v)])));
  const head = tarHeader(entry({ type: 'other', typeflag: 'x', size: bytes.length }));
  return Buffer.concat([head, bytes, tarPadding(bytes.length)]);
}

const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);
const FILE = join(tarHeader(entry({ name: 'a', size: 3 })), Buffer.from('abc'), Buffer.alloc(509));
const stating = (size: string): Buffer => join(headerWith({ name: 'a' }, 124, size), FILE);
const paxSize = (size: string): Buffer => join(pax({ size }), FILE, TAR_END);
const SPARSE = {
  'GNU.sparse.major': '0',
  'GNU.sparse.minor': '1',
  'GNU.sparse.numblocks': '1',
  'GNU.sparse.size': String(2 ** 50),
  'GNU.sparse.map': '0,3',
};
const ofSize = (size: number, ...content: readonly Uint8Array[]): Buffer =>
  join(tarHeader(entry({ name: 'a', size })), ...content);

describe('sizes that lie', () => {
  test.each<[string, Buffer, RegExp]>([
    ['more than there is', ofSize(5000, Buffer.alloc(512)), /cut off/],
    ['8 GiB in octal', stating('77777777777\0'), /cut off/],
    ['all bits in base 256', stating(`\x80${'\xff'.repeat(11)}`), /size is too large/],
    ['negative in base 256', stating('\xff'.repeat(12)), /size is negative/],
    ['no number', stating('many bytes \0'), /octal/],
    ['less than there is', ofSize(1, Buffer.alloc(512, 'x'), Buffer.alloc(512, 'y')), /checksum/],
    ['pax says more', paxSize('99999999'), /cut off/],
    ['pax says a fraction', paxSize('1.5'), /size is not a number/],
    ['pax says minus', paxSize('-1'), /size is negative/],
    ['pax says 2^60', paxSize('1152921504606846976'), /size is too large/],
    ['a sparse file of 2^50 bytes', join(pax(SPARSE), FILE, TAR_END), /sparse/],
    [
      'a pax record longer than its header',
      join(
        tarHeader(entry({ type: 'other', typeflag: 'x', size: 12 })),
        Buffer.from('99 path=abc\n'),
        Buffer.alloc(500),
        FILE,
      ),
      /wrong length/,
    ],
    ['an extended header and no entry', pax({ path: 'x' }), /^facts$/],
  ])('%s', async (_name, bytes, message) => {
    expect(await messageOf(bytes)).toMatch(message);
    expect(await messageOf(gzipSync(bytes))).toMatch(message);
  });

  test('a link or folder that claims content has none', async () => {
    const link = tarHeader(entry({ name: 'l', type: 'symlink', linkname: 'a' }));
    const lying = Buffer.from(link);
    lying.write('00000001000\0', 124, 'latin1');
    const { filesystem } = await imageOf(Buffer.concat([withChecksums(lying), FILE, TAR_END]));
    expect(filesystem.fileCount).toBe(2);
  });
});

describe('names', () => {
  test.each<[string, string, RegExp]>([
    ['above the root', '../etc/passwd', /outside the image/],
    ['above the root later', 'a/../../etc', /outside the image/],
    ['above the root, absolute', '/../x', /outside the image/],
    ['64 KB in one', 'x'.repeat(65_536), /longer than 4000/],
    ['64 KB of folders', 'a/'.repeat(32_768), /longer than 4000/],
  ])('%s is refused', async (_name, name, message) => {
    expect(await messageOf(archive([{ name }]))).toMatch(message);
  });

  test('a NUL in a pax path is refused', async () => {
    expect(await messageOf(Buffer.concat([pax({ path: 'a\0b' }), FILE, TAR_END]))).toMatch(
      /contains a NUL/,
    );
  });

  test('odd ones are kept as they are', async () => {
    const odd = ['new\nline', 'tab\there', '\u202eevil', 'é', '\x1b[31mred', ' ', '-rf'];
    const names = ['/abs/olute', './dot', 'a//b', ...odd, 'a/./b', 'c/../d', 'x'.repeat(255)];
    const { filesystem } = await imageOf(
      archive(names.map((name) => ({ name, mode: 0o755, content: '#!/bin/sh\n' }))),
    );
    expect(filesystem.executables.map(({ path }) => path)).toEqual(
      ['abs/olute', 'dot', 'a/b', ...odd, 'd', 'x'.repeat(255)].sort(),
    );
  });

  test('what is not UTF-8 is kept apart', async () => {
    const raw = [Buffer.from('a\xff', 'latin1'), Buffer.from('a\xfe', 'latin1')].map((name) => {
      const block = Buffer.from(tarHeader(entry({ name: 'zz' })));
      block.set(name, 0);
      return withChecksums(block);
    });
    const { filesystem } = await imageOf(Buffer.concat([...raw, TAR_END]));
    expect(filesystem.fileCount).toBe(2);
  });
});

const part = fc.constantFrom('a', 'b', 'c', '..', '.', 'd');
const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({
    name: path,
    content: fc.constantFrom('', '#!/bin/sh\n', 'x'),
    mode: fc.constantFrom(0o644, 0o4755),
  }),
  fc.record({ name: path, type: fc.constant('directory' as const) }),
  fc.record({
    name: path,
    type: fc.constant('symlink' as const),
    linkname: fc.oneof(
      path,
      path.map((p) => `/${p}`),
      fc.constant(''),
    ),
  }),
  fc.record({ name: path, type: fc.constant('hardlink' as const), linkname: path }),
  fc.record({ name: path.map((p) => p.replace(/[^/]*$/, '.wh.a')) }),
  fc.record({ name: path.map((p) => p.replace(/[^/]*$/, '.wh..wh..opq')) }),
);
const inside = item.filter(({ name = '' }) => {
  let depth = 0;
  return name.split('/').every((one) => (depth += one === '..' ? -1 : one === '.' ? 0 : 1) >= 0);
});

/** The items without those that engines refuse behind the others. */
async function unpackable(items: readonly Item[]): Promise<readonly Item[]> {
  const taken: Item[] = [];
  for (const one of items)
    if ((await messageOf(archive([...taken, one]))) === 'facts') taken.push(one);
  return taken;
}

describe('links', () => {
  test('any tree of links, whiteouts and replacements folds', async () => {
    const layers = fc.array(fc.array(inside, { maxLength: 12 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(layers, async (all) => {
        const blobs: Uint8Array[] = [archive([{ name: 'z' }])];
        for (const items of all) blobs.push(archive(await unpackable(items)));
        const { filesystem } = await imageOf(...blobs);
        for (const { path: found } of filesystem.executables)
          expect(filesystem.has(found)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  const link = (name: string, linkname: string): Item => ({ name, type: 'symlink', linkname });
  const hard = (name: string, linkname: string): Item => ({ name, type: 'hardlink', linkname });
  const [A, BELOW] = [
    { name: 'a', content: 'x' },
    { name: 'a/x', content: 'x' },
  ] as const;

  test.each<[string, readonly Item[]]>([
    ['to itself', [link('a', 'a')]],
    ['to each other', [link('a', 'b'), link('b', 'a')]],
    ['out of the root', [link('a', '../../../../etc/shadow')]],
  ])('%s', async (_name, items) => {
    const { filesystem } = await imageOf(archive(items), archive(items));
    expect(filesystem.executables).toEqual([]);
  });

  test.each<[string, readonly Item[], RegExp]>([
    ['into themselves', [link('a', 'a/a/a/a'), BELOW], /too many links/],
    ['a hard link to nowhere', [hard('a', 'none')], /the target of its hard link, "none"/],
    ['a hard link to itself', [A, hard('a', 'a')], /the target of its hard link, "a"/],
    ['to a folder', [{ name: 'd', type: 'directory' }, hard('a', 'd')], /hard link to a folder/],
    ['into a file', [A, BELOW], /"a" is not a folder/],
  ])('%s are refused, as engines refuse them', async (_name, items, message) => {
    await expect(imageOf(archive(items))).rejects.toThrow(message);
  });

  test('a chain of 40 is followed, one of 41 is not', async () => {
    const chain = (length: number): readonly Item[] => [
      { name: 'l0', content: '#!/bin/sh\n', mode: 0o755 },
      ...Array.from({ length }, (_, i): Item => ({
        name: `l${i + 1}`,
        type: 'symlink',
        linkname: `l${i}`,
      })),
    ];
    const found = async (length: number): Promise<number> =>
      (await imageOf(archive(chain(length)))).filesystem.executables.length;
    expect(await found(40)).toBe(41);
    expect(await found(41)).toBe(41);
  });

  test('ten thousand long links into each other', async () => {
    const items = Array.from({ length: 10_000 }, (_, i): Item => ({
      name: `l${i}`,
      type: 'symlink',
      linkname: `l${(i + 1) % 10_000}/`.repeat(500),
    }));
    const { filesystem } = await imageOf(gzipSync(archive(items)));
    expect([filesystem.fileCount, filesystem.executables.length]).toEqual([10_000, 0]);
  });
});

describe('how much a layer may hold', () => {
  test('names that ask for more folders than there are entries', async () => {
    const name = (i: number): string => `f${i}/${'a/'.repeat(1990)}x`;
    const items = Array.from({ length: 600 }, (_, i) => ({ name: name(i), content: 'x' }));
    await expect(imageOf(gzipSync(archive(items)))).rejects.toThrow(
      'the layers of the image contain more than 1000000 files and folders',
    );
  });

  test('more files than an image has, in whichever layers', async () => {
    const blob = archive(Array.from({ length: 60 }, (_, i) => ({ name: `f${i}` })));
    const layer = { digest: digestOf(blob), facts: await factsOf(blob) };
    expect(() => new FileTree([layer], 100)).not.toThrow();
    expect(() => new FileTree([layer, layer], 100)).toThrow('contain more than 100 files');
  });

  const many = archive(Array.from({ length: 300 }, (_, i) => ({ name: `f${i}` })));
  const zeros = (length: number): Buffer =>
    gzipSync(archive([{ name: 'zeros', content: Buffer.alloc(length) }]));
  test.each<[string, Uint8Array, Partial<WalkLimits>, RegExp]>([
    ['entries', many, { maxEntries: 299 }, /more than 299 entries/],
    ['names', many, { maxNameLength: 900 }, /longer than 900/],
    ['bytes', zeros(3_000_000), { maxBytes: 1_000_000 }, /unpacks to more than 1000000/],
    ['zeros', zeros(30_000_000), { ratioFrom: 1_000_000 }, /times its size/],
  ])('too many %s', async (_name, blob, limits, message) => {
    await expect(factsOf(blob, { limits })).rejects.toThrow(message);
    await expect(factsOf(blob, { limits })).rejects.toBeInstanceOf(UserError);
  });
});
