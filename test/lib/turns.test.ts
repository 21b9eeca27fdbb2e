import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from '../../src/lib/parallel.ts';

/**
 * Takes turns with these keys; the most at once in all and of one key, and in which order they
 * began.
 */
async function taken(most: number, keys: readonly (string | undefined)[]) {
  const turns = new Turns(most);
  const running: (string | undefined)[] = [];
  const order: number[] = [];
  let atOnce = 0;
  let ofOneKey = 0;
  await Promise.all(
    keys.map((key, i) =>
      turns.take(key, async () => {
        running.push(key);
        order.push(i);
        atOnce = Math.max(atOnce, running.length);
        if (key !== undefined)
          ofOneKey = Math.max(ofOneKey, running.filter((one) => one === key).length);
        await sleep(2);
        running.splice(running.indexOf(key), 1);
      }),
    ),
  );
  return { atOnce, ofOneKey, order };
}

test('no more work at once than there may be, and all get their turn', async () => {
  const { atOnce, order } = await taken(
    3,
    Array.from({ length: 10 }, () => undefined),
  );
  expect(atOnce).toBe(3);
  expect(order).toHaveLength(10);
});

test('those of one key work one after the other, in their order', async () => {
  const { ofOneKey, order } = await taken(4, ['a', 'a', 'b', 'a', 'b']);
  expect(ofOneKey).toBe(1);
  expect(order.filter((i) => [0, 1, 3].includes(i))).toEqual([0, 1, 3]);
});

test('one that fails holds nobody up, and its failure is its own', async () => {
  const turns = new Turns(1);
  const failing = turns.take('a', () => Promise.reject(new Error('no')));
  const next = turns.take('a', () => Promise.resolve('yes'));
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
