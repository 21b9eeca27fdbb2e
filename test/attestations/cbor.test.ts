import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCbor } from '../../src/attestations/cbor.ts';

const hex = (text: string) => decodeCbor(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('decodeCbor', () => {
  // Examples of RFC 8949, appendix A.
  test.each([
    ['17', { kind: 'integer', value: 23 }],
    ['1903e8', { kind: 'integer', value: 1000 }],
    ['1a000f4240', { kind: 'integer', value: 1_000_000 }],
    ['1b000000e8d4a51000', { kind: 'integer', value: 1_000_000_000_000 }],
    ['3863', { kind: 'integer', value: -100 }],
    ['6449455446', { kind: 'text', value: 'IETF' }],
    ['f5', { kind: 'simple', value: 21 }],
  ])('%s', (text, value) => {
    expect(hex(text)).toEqual({ ok: true, value });
  });

  test('lists, maps, tags and bytes nest', () => {
    expect(hex('d2 82 43 010203 a1 01 40')).toEqual({
      ok: true,
      value: {
        kind: 'tag',
        tag: 18,
        value: {
          kind: 'list',
          value: [
            { kind: 'bytes', value: Buffer.from([1, 2, 3]) },
            {
              kind: 'map',
              value: [
                [
                  { kind: 'integer', value: 1 },
                  { kind: 'bytes', value: Buffer.alloc(0) },
                ],
              ],
            },
          ],
        },
      },
    });
  });

  test.each([
    ['nothing', ''],
    ['bytes behind', '0101'],
    ['a length that lies', '5affffffff00'],
    ['a count that lies', '9affffffff00'],
    ['a huge number', '1bffffffffffffffff'],
    ['an indefinite length', '9f01ff'],
    ['too deep', '81'.repeat(40) + '01'],
  ])('refuses %s', (_, text) => {
    expect(hex(text).ok).toBe(false);
  });

  test('any bytes end in a value or an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const result = decodeCbor(bytes);
        expect(typeof result.ok).toBe('boolean');
      }),
    );
  });
});
