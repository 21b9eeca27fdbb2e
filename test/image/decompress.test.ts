import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Decompressor,
  type OnPlain,
  startDecompressor,
} from '../../src/image/walk/decompress.ts';
import { zstdFrame, zstdRepeat, zstdSkipped } from '../fakes/zstd-frames.ts';

/** What comes out, or the error's message. */
async function unpack(
  start: (onPlain: OnPlain) => Decompressor,
  packed: Uint8Array,
  step: number,
): Promise<Buffer | string> {
  const parts: Buffer[] = [];
  const decompressor = start((chunk) => parts.push(Buffer.from(chunk)));
  try {
    for (let at = 0; at < packed.length; at += step)
      await decompressor.write(packed.subarray(at, at + step));
    decompressor.end();
    return Buffer.concat(parts);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    decompressor.destroy();
  }
}

/** A copy with other bytes from `from` to `to` before its end. */
function withEnd(bytes: Uint8Array, from: number, to: number): Buffer {
  return Buffer.from(bytes).fill(7, bytes.length - from, bytes.length - to);
}

const zstd = (onPlain: OnPlain): Decompressor => startDecompressor('zstd', onPlain);
const gzip = (onPlain: OnPlain): Decompressor => startDecompressor('gzip', onPlain);

const text = Buffer.from('layer '.repeat(100_000));
const noise = Buffer.from(Array.from({ length: 700_000 }, (_, i) => (i * i * 7919) >>> 11));

describe('gzip', () => {
  const members = Buffer.concat([gzipSync(text), gzipSync(''), gzipSync(noise)]);
  const cases: readonly [string, Uint8Array, Buffer | RegExp][] = [
    ['one member', gzipSync(text), text],
    ['several members', members, Buffer.concat([text, noise])],
    // Node's zlib ignores them; Go, so containerd, reads a header there.
    ['zeros behind it', Buffer.concat([gzipSync(text), Buffer.alloc(200_000)]), /incorrect header/],
    ['one zero behind it', Buffer.concat([gzipSync(text), Buffer.alloc(1)]), /incorrect header/],
    ['other bytes behind it', Buffer.concat([gzipSync(text), text]), /incorrect header check/],
    ['cut off', gzipSync(text).subarray(0, -9), /unexpected end of file/],
    ['no checksum', gzipSync(text).subarray(0, -8), /unexpected end of file/],
    ['a wrong checksum', withEnd(gzipSync(text), 8, 4), /incorrect data check/],
    ['a wrong length', withEnd(gzipSync(text), 4, 0), /incorrect length check/],
  ];
  test.each(cases)('%s', async (_name, packed, expected) => {
    for (const step of [1000, 300_000, 10_000_000]) {
      const found = await unpack(gzip, packed, step);
      if (expected instanceof RegExp) expect(found).toMatch(expected);
      else expect(typeof found === 'string' ? found : expected.equals(found)).toBe(true);
    }
  });

  test('an error of who takes the bytes is thrown at once', () => {
    const decompressor = gzip(() => {
      throw new Error('enough');
    });
    expect(() => decompressor.write(gzipSync(text))).toThrow('enough');
    decompressor.destroy();
  });
});

describe('zstd', () => {
  // `zstd -19 --check` of eight times "layer " but for the last blank, and a line end.
  const squeezed = Buffer.from('KLUv/QRobQAAOGxheWVyIAoBAAKVIuSbL2U=', 'base64');
  const line = Buffer.from(`${'layer '.repeat(8).trim()}\n`);
  const frames = Buffer.concat([
    zstdSkipped(Buffer.from('index')),
    zstdFrame(text),
    squeezed,
    zstdSkipped(Buffer.alloc(300_000)),
    zstdFrame(Buffer.alloc(0)),
    zstdFrame(noise),
    zstdSkipped(Buffer.alloc(0)),
  ]);
  const wrongSum = withEnd(squeezed, 4, 0);

  test.each<[string, Uint8Array, Buffer | RegExp]>([
    ['one frame', zstdFrame(text), text],
    ['one that compresses', squeezed, line],
    ['many frames, some to skip', frames, Buffer.concat([text, line, noise])],
    [
      'a frame as long as the buffer',
      zstdFrame(text.subarray(0, 262_144)),
      text.subarray(0, 262_144),
    ],
    ['many repeated bytes', zstdRepeat(7, 200), Buffer.alloc(200 * 131_072, 7)],
    ['cut off in a block', zstdFrame(text).subarray(0, -1), /unexpected end of zstd data/],
    ['cut off behind the head', frames.subarray(0, 8), /unexpected end of zstd data/],
    ['cut off in the checksum', squeezed.subarray(0, -1), /unexpected end of zstd data/],
    ['cut off in a frame to skip', frames.subarray(0, -1), /unexpected end of zstd data/],
    ['nothing', new Uint8Array(0), /unexpected end of zstd data/],
    ['a wrong checksum', wrongSum, /checksum of a zstd frame is wrong/],
    ['other bytes behind it', Buffer.concat([squeezed, text]), /no zstd frame where one/],
    ['zeros behind it', Buffer.concat([squeezed, Buffer.alloc(9)]), /no zstd frame where one/],
    ['a window of 2 GiB', zstdFrame(text, 31), /window of more than 128 MiB/],
    ['a window of 128 MiB', zstdFrame(text, 27), text],
  ])('%s', async (_, packed, expected) => {
    for (const step of [7, 5000, 10_000_000]) {
      if (packed.length / step > 10_000) continue;
      const found = await unpack(zstd, packed, step);
      if (expected instanceof RegExp) expect(found).toMatch(expected);
      else expect(typeof found === 'string' ? found : expected.equals(found)).toBe(true);
    }
  });

  test('damaged data end in bytes or in an error', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(squeezed.length - 1), fc.nat(255)), {
          minLength: 1,
          maxLength: 4,
        }),
        async (edits) => {
          const bytes = Buffer.concat([squeezed, squeezed]);
          for (const [at, value] of edits) bytes[at] = value;
          await unpack(zstd, bytes, 11);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('two at once do not disturb each other, and one that was closed takes no more', async () => {
    const sizes = [0, 0];
    const [one, other] = [0, 1].map((i) =>
      zstd((chunk) => {
        sizes[i] = (sizes[i] ?? 0) + chunk.length;
      }),
    );
    const packed = zstdFrame(noise);
    for (let at = 0; at < packed.length; at += 100_000) {
      await one?.write(packed.subarray(at, at + 100_000));
      await other?.write(packed.subarray(at, at + 100_000));
    }
    other?.end();
    other?.destroy();
    expect(sizes).toEqual([noise.length, noise.length]);
    one?.destroy();
    await expect(one?.write(packed)).rejects.toThrow('the decompressor was closed');
  });
});
