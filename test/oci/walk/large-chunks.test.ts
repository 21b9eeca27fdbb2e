import { expect, test } from 'vitest';
import { largeChunks } from '../../../src/oci/walk/large-chunks.ts';

async function* of(sizes: readonly number[]): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  for (const [i, size] of sizes.entries()) yield Buffer.alloc(size, i + 1);
}

test.each([
  [[], []],
  [[10], [10]],
  [
    [300_000, 400_000],
    [300_000, 400_000],
  ],
  [
    [100_000, 100_000, 100_000, 5],
    [300_000, 5],
  ],
  [[5, 300_000], [300_005]],
])('%j becomes %j', async (given, expected) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of largeChunks(of(given))) chunks.push(chunk);
  expect(chunks.map((chunk) => chunk.length)).toEqual(expected);
  const all = Buffer.concat(given.map((size, i) => Buffer.alloc(size, i + 1)));
  expect(Buffer.concat(chunks).equals(all)).toBe(true);
});
