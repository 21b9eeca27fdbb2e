import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sideBySide } from '../../src/tools/side-by-side.ts';

test('results come in the items’ order, no more at once than allowed', async () => {
  let busy = 0;
  let busiest = 0;
  const results = await sideBySide([5, 1, 3, 2, 4], 2, async (n) => {
    busiest = Math.max(busiest, ++busy);
    await sleep(n);
    busy--;
    return n * 10;
  });
  expect([results, busiest]).toEqual([[50, 10, 30, 20, 40], 2]);
});

test('after a throw nothing more is started', async () => {
  const started: number[] = [];
  const work = sideBySide([1, 2, 3, 4], 1, (n) => {
    started.push(n);
    return n === 2 ? Promise.reject(new Error('two')) : Promise.resolve(n);
  });
  await expect(work).rejects.toThrow('two');
  expect(started).toEqual([1, 2]);
});
