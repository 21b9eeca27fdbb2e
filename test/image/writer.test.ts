import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TAR_END, tarHeader } from '../../src/image/tar/tar-writer.ts';
import type { TarEntry } from '../../src/model/image.ts';
import { entry, readTar, tarOf } from '../fakes/tar-bytes.ts';

const text = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 300 })
  .filter((t) => !t.includes('\0'));
const anyEntry: fc.Arbitrary<TarEntry> = fc.record({
  name: text.filter((t) => !/\/$/.test(t)),
  type: fc.constantFrom('file', 'hardlink', 'symlink', 'directory', 'fifo', 'char', 'block'),
  mode: fc.nat(0o7777),
  uid: fc.nat(2 ** 31),
  gid: fc.nat(2 ** 31),
  uname: fc.string({ maxLength: 40 }).filter((t) => !t.includes('\0')),
  gname: fc.string({ maxLength: 40 }).filter((t) => !t.includes('\0')),
  size: fc.constant(0),
  mtime: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 40 }), fc.constant(1_700_000_000.25)),
  linkname: fc.string({ maxLength: 300 }).filter((t) => !t.includes('\0')),
  devmajor: fc.nat(4095),
  devminor: fc.nat(4095),
  pax: fc.dictionary(
    fc.stringMatching(/^SCHILY\.xattr\.[a-z]{1,8}$/),
    fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)) }),
  ),
  typeflag: fc.constant('0'),
});

describe('tarHeader', () => {
  test('what is written reads back the same, and the same bytes come again', () => {
    fc.assert(
      fc.property(anyEntry, (e) => {
        const bytes = tarOf([{ entry: e }]);
        expect(bytes.length % 512).toBe(0);
        const [read] = readTar(bytes);
        expect({ ...read?.entry, typeflag: '0', pax: { ...read?.entry.pax } }).toEqual(e);
        expect(tarOf([{ entry: read?.entry ?? e }])).toEqual(bytes);
      }),
      { numRuns: 400 },
    );
  });

  test('a long path is parted at a slash, a name that does not part goes into pax', () => {
    expect(tarHeader(entry({ name: `${'d'.repeat(90)}/${'f'.repeat(90)}` })).length).toBe(512);
    expect(tarHeader(entry({ name: 'f'.repeat(101) })).length).toBe(1536);
  });

  test('a name that is no UTF-8 keeps its bytes', () => {
    const raw = Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82, 0xac]);
    const block = tarHeader(entry({ name: 'x'.repeat(raw.length) }));
    block.set(raw);
    block.fill(0x20, 148, 156);
    const sum = block.reduce((a, b) => a + b, 0);
    block.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
    const [read] = readTar(Buffer.concat([block, TAR_END]));
    expect(read?.entry.name).toBe('a\udcff\udcc3(€');
    const [again] = readTar(tarOf([{ entry: read?.entry ?? entry() }]));
    expect(again?.entry.name).toBe(read?.entry.name);
  });

  test('sizes from 8 GiB on are written in pax', () => {
    const bytes = tarHeader(entry({ size: 2 ** 33 }));
    expect(Buffer.from(bytes.subarray(512, 1024)).toString('latin1')).toMatch(
      /^19 size=8589934592\n\0/,
    );
  });

  test.each([
    [{ uid: -1 }, /uid is not a number/],
    [{ mtime: Number.NaN }, /mtime is not a number/],
    [{ name: 'a\0b' }, /contains a NUL/],
    [{ devmajor: 2 ** 30 }, /device number is too large/],
  ])('refuses %j', (fields, message) => {
    expect(() => tarHeader(entry(fields))).toThrow(message);
  });
});
