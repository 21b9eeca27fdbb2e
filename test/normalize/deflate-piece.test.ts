import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deflatePiece } from '../../src/normalize/deflate/deflate.ts';
import { noise, words } from './samples.ts';

const FINAL = Uint8Array.of(1, 0, 0, 0xff, 0xff);

function inflated(pieces: readonly Uint8Array[]): Buffer {
  return inflateRawSync(Buffer.concat([...pieces, FINAL]));
}

describe('a piece', () => {
  test.each([
    ['nothing', new Uint8Array(0)],
    ['one byte', Uint8Array.of(7)],
    ['three bytes', Uint8Array.of(7, 7, 7)],
    ['one byte repeated', new Uint8Array(300_000).fill(65)],
    ['noise, over a stored block’s length', noise(150_000)],
    ['text', words(200_000)],
    [
      'text, noise and zeros',
      Buffer.concat([words(90_000), noise(90_000), new Uint8Array(90_000)]),
    ],
  ])('of %s unpacks to what it was', (_name, data) => {
    expect(Buffer.compare(inflated([deflatePiece(data, 0)]), data)).toBe(0);
  });

  test('uses the history in front of it', () => {
    const text = words(60_000);
    const [a, b] = [text.subarray(0, 30_000), text.subarray(0, 60_000)];
    const second = deflatePiece(b, 30_000);
    expect(second.length).toBeLessThan(deflatePiece(b.subarray(30_000), 0).length);
    expect(Buffer.compare(inflated([deflatePiece(a, 0), second]), text)).toBe(0);
  });

  test('any bytes, any history', () => {
    const bytes = fc.uint8Array({ minLength: 0, maxLength: 3000 });
    const few = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4000 });
    fc.assert(
      fc.property(
        fc.oneof(
          bytes,
          few.map((f) => Uint8Array.from(f)),
        ),
        fc.nat(),
        (data, cut) => {
          const at = data.length === 0 ? 0 : cut % data.length;
          const pieces = [deflatePiece(data.subarray(0, at), 0), deflatePiece(data, at)];
          expect(Buffer.compare(inflated(pieces), data)).toBe(0);
        },
      ),
    );
  });
});
