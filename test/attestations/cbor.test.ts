import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoseSign1, decodeCbor } from '../../src/attestations/cbor.ts';

const hex = (text: string) => decodeCbor(Buffer.from(text.replaceAll(' ', ''), 'hex'));

describe('decodeCbor', () => {
  // Examples of RFC 8949, appendix A.
  test.each([
    ['17', 23],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['3863', -100],
    ['6449455446', 'IETF'],
    ['f5', true],
  ])('%s', (text, value) => {
    expect(hex(text)).toEqual({ ok: true, value });
  });

  test('lists, maps, tags and bytes nest', () => {
    expect(hex('d2 82 43 010203 a1 01 40')).toEqual({
      ok: true,
      value: new CoseSign1([Uint8Array.of(1, 2, 3), new Map([[1, new Uint8Array(0)]])]),
    });
  });

  test.each([
    ['nothing', ''],
    ['bytes behind', '0101'],
    ['a length that lies', '5affffffff00'],
    ['a count that lies', '9affffffff00'],
    ['a huge number', '1bffffffffffffffff'],
    ['an indefinite length', '9f01ff'],
    ['too deep', '81'.repeat(18) + '01'],
    ['tags that are too deep', 'd2'.repeat(18) + '01'],
    ['maps that are too deep', 'a101'.repeat(18) + '01'],
    ['deep enough for a stack to end', '81'.repeat(500_000) + '01'],
    ['too many items', '9a00002710' + '01'.repeat(10_000)],
    ['a key that is repeated', 'a201010102'],
    ['a tag that is not COSE_Sign1', 'c001'],
  ])('refuses %s', (_, text) => {
    expect(hex(text).ok).toBe(false);
  });

  test('takes lists side by side, 16 levels and 9,999 items', () => {
    expect(hex('83 80 80 8101')).toEqual({ ok: true, value: [[], [], [1]] });
    expect(hex(`${'81'.repeat(16)}01`).ok).toBe(true);
    expect(hex(`99270f${'01'.repeat(9999)}`).ok).toBe(true);
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
