const BLOCK = 128 * 1024;

/**
 * A zstd frame whose blocks hold the bytes as they are (RFC 8878, 3.1.1), its window 2 to the power
 * of `windowLog`.
 */
export function zstdFrame(bytes: Uint8Array, windowLog = 21): Buffer {
  const parts = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3])];
  let at = 0;
  do {
    const block = bytes.subarray(at, at + BLOCK);
    at += block.length;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (at >= bytes.length ? 1 : 0), 0, 3);
    parts.push(header, Buffer.from(block));
  } while (at < bytes.length);
  return Buffer.concat(parts);
}

/** A frame of blocks that repeat one byte: four bytes in the file for 128 KiB. */
export function zstdRepeat(byte: number, blocks: number): Buffer {
  const one = Buffer.alloc(4 * blocks);
  for (let i = 0; i < blocks; i += 1) {
    one.writeUIntLE((BLOCK << 3) | (1 << 1) | (i === blocks - 1 ? 1 : 0), i * 4, 3);
    one[i * 4 + 3] = byte;
  }
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 11 << 3]), one]);
}

/** A frame that readers skip (3.1.2). */
export function zstdSkipped(bytes: Uint8Array): Buffer {
  const head = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([head, bytes]);
}
