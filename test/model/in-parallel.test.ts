import { expect, test } from 'vitest';
import { inParallel } from '../../src/lib/parallel.ts';

test('runs all, never more than the limit at once, results in order', async () => {
  let now = 0;
  let most = 0;
  const results = await inParallel([5, 1, 3, 2, 4, 6], 2, async (n) => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, n));
    now--;
    return n * 10;
  });
  expect(most).toBe(2);
  expect(results).toEqual([50, 10, 30, 20, 40, 60]);
});

test('after a failure nothing new starts, and the first is thrown', async () => {
  const started: number[] = [];
  const running = inParallel([1, 2, 3, 4, 5], 2, async (n) => {
    started.push(n);
    await Promise.resolve();
    if (n === 2) throw new Error('two');
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
  await expect(running).rejects.toThrow('two');
  expect(started).toEqual([1, 2]);
});

test('an item may be undefined, and act may throw at once', async () => {
  const seen: unknown[] = [];
  await inParallel([undefined, 1, undefined, 2], 1, (item) => {
    seen.push(item);
    return Promise.resolve();
  });
  expect(seen).toEqual([undefined, 1, undefined, 2]);
  const thrown = inParallel([1, 2], 2, () => {
    throw new Error('at once');
  });
  await expect(thrown).rejects.toThrow('at once');
});
