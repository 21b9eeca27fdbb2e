import { expect, test } from 'vitest';
import { parseTimestamp } from '../../src/criteria/recently-updated.ts';

test.each([
  ['2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
  ['2026-01-02t03:04:05.250z', Date.UTC(2026, 0, 2, 3, 4, 5, 250)],
  ['2026-01-02T03:04:05.123456789+02:00', Date.UTC(2026, 0, 2, 1, 4, 5, 123)],
  ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
])('%s', (text, time) => {
  expect(parseTimestamp(text)).toBe(time);
});

test.each([
  '',
  '2026-01-02',
  '2026-02-29T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-01-00T00:00:00Z',
  '2026-01-02T25:00:00Z',
  'now',
  '2026-01-02T03:04:05',
])('%s is no timestamp', (text) => {
  expect(parseTimestamp(text)).toBeUndefined();
});
