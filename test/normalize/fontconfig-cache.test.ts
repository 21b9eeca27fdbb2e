import { expect, test } from 'vitest';
import { contentAfter, EPOCH, folder, LATER, normalised, sample } from './sample-layer.ts';

function cache(directory: string, time: number, nanoseconds: bigint): Buffer {
  const bytes = Buffer.alloc(64 + 200);
  bytes.set([0x04, 0xfc, 0x02, 0xfc]);
  bytes.writeBigInt64LE(BigInt(bytes.length), 8);
  bytes.writeBigInt64LE(64n, 16);
  bytes.writeInt32LE(time, 48);
  bytes.writeBigInt64LE(nanoseconds, 56);
  bytes.write(`${directory}\0`, 64, 'latin1');
  return bytes;
}

const NAME = 'var/cache/fontconfig/abc-le64.cache-9';
const fonts = (mtime: number) => folder('usr/share/fonts', { mtime });

test('holds its folder’s new time, without a fraction, and nothing else changes', async () => {
  const { samples, result } = await normalised([
    fonts(LATER + 0.25),
    sample(NAME, cache('/usr/share/fonts', LATER, 250_000_000n)),
  ]);
  expect(samples[1]?.content).toEqual(cache('/usr/share/fonts', EPOCH, 0n));
  expect(samples[0]?.entry.mtime).toBe(EPOCH);
  expect(result.touched).toEqual([{ path: NAME, rule: 'fontconfig-cache' }]);
});

test('stays valid for a folder that is older than the epoch', async () => {
  const { samples } = await normalised([
    fonts(5000),
    sample(NAME, cache('/usr/share/fonts/', 5000, 0n)),
  ]);
  expect(Buffer.from(samples[1]?.content ?? []).readInt32LE(48)).toBe(5000);
});

test('does not look valid when fonts come in a later layer', async () => {
  const first = await normalised([
    fonts(LATER),
    sample(NAME, cache('/usr/share/fonts', LATER, 0n)),
  ]);
  const second = await normalised([fonts(LATER + 9)], {
    copied: true,
    earlier: first.result.trail,
  });
  expect(Buffer.from(first.samples[1]?.content ?? []).readInt32LE(48)).toBe(EPOCH);
  expect(second.samples[0]?.entry.mtime).toBe(EPOCH - 1);
});

test.each([
  ['cut off', cache('/f', LATER, 1n).subarray(0, 40)],
  ['with a folder name outside', Object.assign(cache('/f', LATER, 1n), { 16: 0xff, 17: 0xff })],
  [
    'without the end of the name',
    Buffer.concat([cache('/f', LATER, 1n).subarray(0, 64), Buffer.alloc(5000, 65)]),
  ],
])('a cache %s is left alone', async (_name, bytes) => {
  expect(await contentAfter(sample(NAME, bytes))).toEqual(bytes);
});
