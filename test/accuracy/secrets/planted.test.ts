import { expect, test } from 'vitest';
import { isFound, samples } from './planted.ts';

/**
 * What is missed of a few places for each kind; `npm run accuracy -- --secrets` measures many more.
 */
test('planted secrets are found', { timeout: 300_000 }, () => {
  const all = samples(3);
  const missed = all.filter((sample) => !isFound(sample)).map(({ name }) => name);
  expect(all.length).toBeGreaterThan(200);
  // A password of one's own that looks drawn is one by its look alone: one in fifty is missed.
  expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(4);
});
