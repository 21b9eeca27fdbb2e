import { crc32 } from 'node:zlib';
import { deflatePiece, WINDOW } from './deflate/deflate-piece.ts';

/** Input to a piece. Part of what the bytes depend on. */
export const PIECE_BYTES = 1 << 20;
/** RFC 1952: deflate, no flags, no name, time 0, no level given, system unknown. */
export const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);
/** An empty final stored block. */
export const FINAL = Uint8Array.of(1, 0, 0, 0xff, 0xff);

/** CRC-32 and length of what was compressed, as a gzip file ends. */
export function trailer(crc: number, size: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, crc, true);
  view.setUint32(4, size % 2 ** 32, true);
  return new Uint8Array(view.buffer);
}

/** The bytes that LayerCompressor gives, for what is in memory as a whole. */
export function gzipFile(data: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [HEADER];
  for (let at = 0; at < data.length; at += PIECE_BYTES) {
    const from = Math.max(0, at - WINDOW);
    // A copy: the compressor reads words at any offset of its own buffer.
    const piece = data.slice(from, Math.min(at + PIECE_BYTES, data.length));
    parts.push(deflatePiece(piece, at - from));
  }
  return Buffer.concat([...parts, FINAL, trailer(crc32(data), data.length)]);
}
