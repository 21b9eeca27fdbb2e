import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VERSION_ORDERS } from '../../src/scan/versions.ts';
import { versionText } from './version-text.ts';

/**
 * Maven's own has circles: 1.0-x < 1.0.SNAPSHOT.a < 1 < 1.0-x, says its ComparableVersion (3.9).
 */
const HAS_CIRCLES = ['maven'];

describe.each(Object.entries(VERSION_ORDERS))('the order of %s', (type, order) => {
  test('is an order of all texts: nothing before itself, two ways alike, and no circles', () => {
    fc.assert(
      fc.property(versionText, versionText, versionText, (a, b, c) => {
        expect(order(a, a)).toBe(0);
        expect(Math.sign(order(a, b))).toBe(-Math.sign(order(b, a)) + 0);
        if (HAS_CIRCLES.includes(type)) return;
        const [x = a, y = b, z = c] = [a, b, c].sort(order);
        expect(order(x, y)).toBeLessThanOrEqual(0);
        expect(order(y, z)).toBeLessThanOrEqual(0);
        expect(order(x, z)).toBeLessThanOrEqual(0);
        if (order(a, b) === 0) expect(Math.sign(order(a, c))).toBe(Math.sign(order(b, c)));
      }),
      { numRuns: 3000 },
    );
  });

  test('takes no longer for a long one', () => {
    const long = '1.-'.repeat(100_000);
    expect(order(long, `${long}1`)).toBe(0);
  });
});
