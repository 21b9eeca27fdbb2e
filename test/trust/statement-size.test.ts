import { expect, test } from 'vitest';
import { tooLarge, unreadable } from '../../src/trust/identity.ts';

const MiB = 1024 * 1024;

test.each([
  [2 * MiB, 'keyless', undefined],
  [2 * MiB + 1, 'keyless', '2.1 MB, more than a transparency log takes (2 MiB)'],
  // What Rekor refused, cosign#3599.
  [3_500_000, 'keyless', '3.5 MB, more than a transparency log takes (2 MiB)'],
  [8 * MiB, 'key', undefined],
  [9 * MiB, 'key', '9.4 MB, more than readers of statements take (8 MiB)'],
] as const)('%i bytes, %s', (bytes, signedBy, reason) => {
  expect(tooLarge(bytes, signedBy)).toBe(reason);
});

test('what a key signs is within what readers take, in base64', () => {
  expect(Math.ceil((8 * MiB) / 3) * 4).toBeLessThan(16 * MiB);
});

test('what no reader takes, in base64 and with what is around it', () => {
  expect(unreadable(11 * MiB)).toBeUndefined();
  expect(Math.ceil((11 * MiB) / 3) * 4).toBeLessThan(15 * MiB);
  expect(unreadable(12 * MiB)).toBe('12.6 MB, and readers take 11 MiB');
});
