import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MalformedRecord } from '../../src/image/formats/sqlite.ts';
import { ZipStream } from '../../src/image/formats/zip-stream.ts';
import { zipDirectory } from '../../src/image/formats/zip.ts';
import { zip, type ZipItem } from '../facts/zip-sample.ts';

/** The names and contents that the reader of a stream finds, and what it says of the rest. */
function streamed(
  bytes: Uint8Array,
  piece = bytes.length,
): { readonly found: readonly (readonly [string, string])[]; readonly wrong?: string } {
  const found: [string, string][] = [];
  const stream = new ZipStream(
    (name) => {
      const parts: Buffer[] = [];
      return {
        push: (part) => parts.push(Buffer.from(part)) > 0,
        end: () => void found.push([name, Buffer.concat(parts).toString('latin1')]),
      };
    },
    { entries: 1000, inflated: 100_000_000 },
  );
  try {
    for (let at = 0; at < bytes.length; at += piece) stream.push(bytes.subarray(at, at + piece));
    stream.end();
    return { found };
  } catch (error) {
    if (!(error instanceof MalformedRecord)) throw error;
    return { found, wrong: error.message };
  }
}

const OTHER = 'its directory has other entries than were found';
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
/** What a descriptor of so many bytes and the next header begin with look like. */
const looksEnded = (size: number): Buffer =>
  Buffer.concat([
    Buffer.from('PK\x07\x08????'),
    number(size),
    number(size),
    Buffer.from('PK\x03\x04'),
  ]);

const plainItem = {
  name: fc.stringMatching(/^[a-z/]{1,12}$/),
  content: fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.constantFrom('PK', 'PK\x03\x04', 'PK\x07\x08'.repeat(9), '\0'.repeat(40)),
  ),
};
const item: fc.Arbitrary<ZipItem> = fc.record({
  ...plainItem,
  stored: fc.boolean(),
  descriptor: fc.boolean(),
  unmarked: fc.boolean(),
  zip64: fc.boolean(),
});

describe('the stream of a zip archive', () => {
  test('has the members of its directory: both kinds of descriptors, zip64, a script before', () => {
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 8 }),
        fc.boolean(),
        fc.constantFrom('', '#!/bin/sh\nexec java -jar $0\n'),
        fc.integer({ min: 1, max: 300 }),
        (items, zip64, before, piece) => {
          fc.pre(before === '' || items.length > 0);
          const isLong = zip64 && items.length > 0;
          const bytes = Buffer.concat([Buffer.from(before), zip(items, { zip64: isLong })]);
          const { found, wrong } = streamed(bytes, piece);
          const content = items.map(({ name, content }) => [name, content.toString()]);
          expect([found, wrong]).toEqual([content, undefined]);
          expect(zipDirectory(bytes)?.members.map(({ name, size }) => [name, size])).toEqual(
            items.map(({ name, content }) => [name, content.length]),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each<[string, Partial<ZipItem>, string]>([
    ['stored', { stored: true }, 'it is cut off'],
    ['deflated, of random bytes', { stored: false }, 'an entry is cut off'],
  ])(
    'content that looks like its own descriptor is not passed over in silence: %s',
    (_kind, as, reason) => {
      // Deflate keeps what cannot be compressed as it is, behind a header of 5 bytes.
      const inner = looksEnded(as.stored === true ? 7 : 12);
      const noise = Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 167 + 13) % 256));
      const content = Buffer.concat([Buffer.from('content'), inner, noise]);
      const bytes = zip([
        { name: 'a', content, descriptor: true, ...as },
        { name: 'hidden', content: 'x' },
      ]);
      const { found, wrong } = streamed(bytes);
      expect([found.length, wrong]).toEqual([1, reason]);
    },
  );

  test('a member hidden in the content of another, by a descriptor that lies', () => {
    const hidden = zip([{ name: 'b', content: 'x', stored: true }]).subarray(0, 32);
    const content = Buffer.concat([Buffer.from('content'), looksEnded(7).subarray(0, 16), hidden]);
    const bytes = zip([{ name: 'a', content, stored: true, descriptor: true }]);
    expect(streamed(bytes)).toEqual({
      found: [
        ['a', 'content'],
        ['b', 'x'],
      ],
      wrong: 'an entry is not where it should be',
    });
  });

  test('what the directory does not have, has elsewhere or has twice', () => {
    const items = [
      { name: 'a', content: 'first', stored: true },
      { name: 'b', content: 'second', stored: true },
    ];
    const whole = zip(items);
    const other = (from: string, to: string): Buffer => {
      const bytes = Buffer.from(whole);
      bytes.write(to, bytes.lastIndexOf(from), 'latin1');
      return bytes;
    };
    const directory = whole.indexOf('PK\x01\x02', 0, 'latin1');
    const again = Buffer.from(whole);
    again.writeUInt32LE(0, whole.lastIndexOf('PK\x01\x02', undefined, 'latin1') + 42);
    const method = Buffer.from(whole);
    method.writeUInt16LE(8, directory + 10);
    expect(streamed(other('b', 'c')).wrong).toBe(OTHER);
    expect(streamed(again).wrong).toBe(OTHER);
    expect(streamed(method).wrong).toBe(OTHER);
    const one = zip(items.slice(0, 1));
    const local = zip(items.slice(1)).subarray(0, 37);
    expect(streamed(Buffer.concat([local, one])).wrong).toBe(OTHER);
  });

  test('another archive in the comment or behind', () => {
    const [a, b] = [zip([{ name: 'a', content: 'x' }]), zip([{ name: 'b', content: 'x' }])];
    const commented = Buffer.from(a);
    commented.writeUInt16LE(b.length, a.length - 2);
    for (const bytes of [Buffer.concat([commented, b]), Buffer.concat([a, b])])
      expect(streamed(bytes).wrong).toBe('its directory cannot be read');
    expect(streamed(Buffer.concat([a, Buffer.from('\n')])).wrong).toBeUndefined();
  });

  test('totals of zip64 that differ from the others, which Java and Python take differently', () => {
    const bytes = zip([{ name: 'a', content: 'x' }], { zip64: true });
    expect(streamed(bytes).wrong).toBeUndefined();
    bytes.writeUInt16LE(7, bytes.length - 12);
    expect(streamed(bytes).wrong).toBe('its directory cannot be read');
  });

  test('compressed content that ends too early', () => {
    const whole = zip([{ name: 'a', content: Buffer.from('abcdefghij'.repeat(3)) }]);
    const { found, wrong } = streamed(whole);
    expect([found.length, wrong]).toEqual([1, undefined]);
    const cut = Buffer.from(zip([{ name: 'a', content: whole.subarray(31, 36), stored: true }]));
    cut.writeUInt16LE(8, 8);
    expect(streamed(cut).wrong).toBe('an entry is cut off');
  });
});
