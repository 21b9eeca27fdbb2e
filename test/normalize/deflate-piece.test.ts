import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { deflatePiece, PIECE_BYTES, WINDOW } from '../../src/normalize/deflate/deflate.ts';
import { noise, words } from './samples.ts';

const FINAL = Uint8Array.of(1, 0, 0, 0xff, 0xff);

function inflated(pieces: readonly Uint8Array[]): Buffer {
  return inflateRawSync(Buffer.concat([...pieces, FINAL]));
}

describe('a piece', () => {
  test('uses the history in front of it', () => {
    const text = words(60_000);
    const [a, b] = [text.subarray(0, 30_000), text.subarray(0, 60_000)];
    const second = deflatePiece(b, 30_000);
    expect(second.length).toBeLessThan(deflatePiece(b.subarray(30_000), 0).length);
    expect(Buffer.compare(inflated([deflatePiece(a, 0), second]), text)).toBe(0);
  });

  test('words of one hash that are as far apart as each other', () => {
    const data = noise(WINDOW + PIECE_BYTES);
    const view = new DataView(data.buffer);
    for (let at = 0; at < data.length; at += 8192)
      view.setUint32(at, Math.imul(244002641, 0xabcd0000 | ((at >> 13) % 3)), true);
    expect(digestOf(deflatePiece(data, WINDOW))).toBe(
      'sha256:313952a83557b56f9bca83cf4bbe6fd4ce83629408c70f95cba14e6bca3c6b31',
    );
    expect(
      Buffer.compare(
        inflated([deflatePiece(data.subarray(0, WINDOW), 0), deflatePiece(data, WINDOW)]),
        data,
      ),
    ).toBe(0);
    expect(() => deflatePiece(new Uint8Array(data.length + 1), WINDOW)).toThrow(RangeError);
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
