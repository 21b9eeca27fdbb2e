import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { gzipFile, inThread, LayerCompressor } from '../../src/normalize/compressor.ts';
import { PIECE_BYTES } from '../../src/normalize/deflate/deflate.ts';
import { words } from './samples.ts';

test.each([0, 1, PIECE_BYTES, PIECE_BYTES + 70_000])(
  '%i bytes: what LayerCompressor gives, and any reader unpacks',
  async (length) => {
    const data = words(length).subarray(0, length);
    const parts: Uint8Array[] = [];
    const compressor = new LayerCompressor(
      (part) => void parts.push(part.slice()),
      () => inThread,
    );
    await compressor.push(data);
    await compressor.finish();
    await compressor.close();
    const made = gzipFile(data);
    expect(Buffer.compare(made, Buffer.concat(parts))).toBe(0);
    expect(Buffer.compare(gunzipSync(made), data)).toBe(0);
  },
);
