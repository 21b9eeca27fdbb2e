import { expect, test } from 'vitest';
import { once } from '../../src/lib/parallel.ts';

test('an answer is kept for its key, a failure is not', async () => {
  let calls = 0;
  const ask = once((key: { fails: boolean }, word: string) => {
    calls += 1;
    return key.fails ? Promise.reject(new Error('busy')) : Promise.resolve(`${word} ${calls}`);
  });
  const key = { fails: true };
  await expect(ask(key, 'a')).rejects.toThrow('busy');
  key.fails = false;
  expect(await Promise.all([ask(key, 'b'), ask(key, 'c')])).toEqual(['b 2', 'b 2']);
  expect(await ask({ fails: false }, 'd')).toBe('d 3');
});
