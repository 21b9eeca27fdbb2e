import { expect, test } from 'vitest';
import { bytesText, secondsText } from '../../src/ui/units.ts';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.00 kB'],
  [1536, '1.54 kB'],
  [999_000, '999 kB'],
  [999_999, '1.00 MB'],
  [78_100_000_000, '78.1 GB'],
  [5e15, '5000 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [0, '0.0s'],
  [0.04, '0.0s'],
  [1.25, '1.3s'],
  [61, '61.0s'],
])('%d seconds are %s', (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});
