import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zipDirectory } from '../../src/image/formats/zip.ts';
import { zip } from '../facts/zip-sample.ts';

describe('a zip archive', () => {
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
