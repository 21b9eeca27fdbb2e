import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deflatePiece } from '../../src/normalize/deflate/deflate.ts';
import { words } from './samples.ts';

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
