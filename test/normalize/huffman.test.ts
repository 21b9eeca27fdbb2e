import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prefixCode } from '../../src/normalize/deflate/deflate.ts';

/** Kraft's sum in units of 2^-limit; a complete code fills it. */
function space(lengths: Uint8Array, limit: number): number {
  return lengths.reduce((sum, length) => sum + (length === 0 ? 0 : 2 ** (limit - length)), 0);
}

describe('a prefix code', () => {
  test('gives frequent symbols short codes', () => {
    expect([...prefixCode(Uint32Array.of(1, 1, 2, 4, 0), 15).lengths]).toEqual([3, 3, 2, 1, 0]);
    expect([...prefixCode(Uint32Array.of(1, 1, 2, 4, 0), 15).codes]).toEqual([3, 7, 1, 0, 0]);
  });

  test('of one symbol or none has two, so that every reader takes it', () => {
    expect([...prefixCode(Uint32Array.of(0, 0, 9), 15).lengths]).toEqual([1, 0, 1]);
    expect([...prefixCode(new Uint32Array(3), 15).lengths]).toEqual([1, 1, 0]);
  });

  test('is complete and within its limit, Fibonacci weights included', () => {
    const fibonacci = [1, 1];
    while (fibonacci.length < 40) fibonacci.push((fibonacci.at(-1) ?? 0) + (fibonacci.at(-2) ?? 0));
    for (const limit of [7, 15]) {
      const { lengths } = prefixCode(
        Uint32Array.from(fibonacci.slice(0, limit === 7 ? 19 : 40)),
        limit,
      );
      expect(Math.max(...lengths)).toBeLessThanOrEqual(limit);
      expect(space(lengths, limit)).toBe(2 ** limit);
    }
    const counts = fc.array(fc.oneof(fc.constant(0), fc.nat(100), fc.nat(1_000_000)), {
      minLength: 2,
      maxLength: 286,
    });
    fc.assert(
      fc.property(counts, (list) => {
        const { lengths } = prefixCode(Uint32Array.from(list), 15);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(15);
        expect(space(lengths, 15)).toBe(2 ** 15);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 2, maxLength: 19 }), (list) => {
        expect(space(prefixCode(Uint32Array.from(list), 7).lengths, 7)).toBe(2 ** 7);
      }),
    );
  });
});
