import { expect, test } from 'vitest';
import { startDecompressor } from '../../src/image/walk/decompress.ts';
import { zstdFrame } from '../fakes/zstd-frames.ts';

const text = Buffer.from('a layer of an image\n'.repeat(2000));

/** After how many plain bytes a large window was told of. */
async function told(packed: Buffer): Promise<readonly number[]> {
  let bytes = 0;
  const places: number[] = [];
  const decompressor = startDecompressor(
    'zstd',
    (chunk) => {
      bytes += chunk.length;
    },
    () => places.push(bytes),
  );
  for (let at = 0; at < packed.length; at += 1000)
    await decompressor.write(packed.subarray(at, at + 1000));
  decompressor.end();
  decompressor.destroy();
  return places;
}

// One after the other: the module's memory never shrinks, and a window that is there once is told
// of from the start.
test('a large zstd window is told of before it is filled, whichever frame has it, and once', async () => {
  expect(await told(zstdFrame(text, 23))).toEqual([]);
  const frames = [zstdFrame(text), zstdFrame(text, 26), zstdFrame(text, 27)];
  expect(await told(Buffer.concat(frames))).toEqual([text.length]);
  expect(await told(zstdFrame(text, 27))).toEqual([0]);
});
