import { expect, test } from 'vitest';
import { contentAfter, EPOCH, LATER, sample } from './sample-layer.ts';

const PATH = 'app/tmp/cache/bootsnap/compile-cache-iseq/01/9056eedbf3a9d5';

/** A header as bootsnap 1.18 writes it, and a few bytes behind it. */
function cached(time: number, version = 6): Buffer {
  const bytes = Buffer.alloc(80, 0x5a);
  bytes.writeUInt32LE(version, 0);
  bytes.writeBigUInt64LE(BigInt(time), 24);
  return bytes;
}

test('the time of the source is its new one, and the padding is zero', async () => {
  const wanted = cached(EPOCH);
  wanted.fill(0, 49, 64);
  expect(await contentAfter(sample(PATH, cached(LATER)))).toEqual(wanted);
});

test.each([
  ['of another version', PATH, cached(LATER, 4711)],
  ['elsewhere', 'app/cache/01/9056eedbf3a9d5', cached(LATER)],
  ['shorter than a header', PATH, cached(LATER).subarray(0, 60)],
])('left alone: %s', async (_, path, bytes) => {
  expect(await contentAfter(sample(path, bytes))).toEqual(bytes);
});
