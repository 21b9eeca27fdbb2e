import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zipDirectory } from '../../src/formats/zip-directory.ts';
import { ZipStream } from '../../src/formats/zip-stream.ts';
import { zip, type ZipItem } from '../facts/packages/zip-sample.ts';

/** The names and contents that the reader of a stream finds. */
function streamed(bytes: Uint8Array): readonly (readonly [string, number])[] {
  const found: [string, number][] = [];
  const stream = new ZipStream(
    (name) => {
      let length = 0;
      return {
        push: (part) => {
          length += part.length;
          return true;
        },
        end: () => void found.push([name, length]),
      };
    },
    { entries: 1000, inflated: 1_000_000 },
  );
  stream.push(bytes);
  return found;
}

const item: fc.Arbitrary<ZipItem> = fc.record({
  name: fc.stringMatching(/^[a-z/]{1,12}$/),
  content: fc.string({ maxLength: 200 }),
  stored: fc.boolean(),
  descriptor: fc.boolean(),
});

describe('a zip archive', () => {
  test('is the same to the reader of a stream and to that of its directory', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), (items) => {
        const bytes = zip(items);
        expect(zipDirectory(bytes)?.members.map(({ name, size }) => [name, size] as const)).toEqual(
          streamed(bytes),
        );
      }),
    );
  });

  test('whose bytes are changed or cut off never throws, and no member lies outside of it', () => {
    const whole = zip([
      { name: 'a', content: 'first' },
      { name: 'b/c', content: 'second', stored: true },
    ]);
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(whole.length), (changes, length) => {
        const bytes = Buffer.from(whole.subarray(0, length));
        for (const { at, byte } of changes) if (at < length) bytes[at] = byte;
        for (const { central, extra } of zipDirectory(bytes)?.members ?? []) {
          expect(central).toBeLessThan(length);
          expect(extra[1]).toBeLessThanOrEqual(length);
        }
      }),
    );
  });

  test('something between the directory and its end is none that can be read', () => {
    const bytes = zip([{ name: 'a', content: 'x' }]);
    const moved = Buffer.concat([bytes.subarray(0, -22), Buffer.from('?'), bytes.subarray(-22)]);
    expect(zipDirectory(bytes)?.members).toHaveLength(1);
    expect(zipDirectory(moved)).toBeUndefined();
  });
});
