import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const script = resolve(import.meta.dirname, '../scripts/package/mach-o-signature.mjs');
const { withAdHocSignature, withoutSignature } = (await import(script)) as {
  withAdHocSignature: (bytes: Buffer, identifier: string) => Buffer;
  withoutSignature: (bytes: Buffer) => Buffer;
};

const HEADER = 32;
const SEGMENT = 72;
const TEXT = { from: 0, size: 0x4000 };

/**
 * A Mach-O file of two segments, with `room` for one more load command, whose __LINKEDIT has `tail`
 * bytes.
 */
function machO(tail: number, room = 16): Buffer {
  const file = Buffer.alloc(TEXT.size + tail, 7);
  file.fill(0, 0, HEADER + 2 * SEGMENT + room);
  for (const [at, word] of [0xfeedfacf, 0x0100000c, 0, 2, 2, 2 * SEGMENT].entries())
    file.writeUInt32LE(word, at * 4);
  const segments = [
    ['__TEXT', TEXT.from, TEXT.size],
    ['__LINKEDIT', TEXT.size, tail],
  ] as const;
  for (const [index, [name, from, size]] of segments.entries()) {
    const at = HEADER + index * SEGMENT;
    file.writeUInt32LE(0x19, at);
    file.writeUInt32LE(SEGMENT, at + 4);
    file.write(name, at + 8, 'latin1');
    file.writeBigUInt64LE(0x4000n, at + 32);
    file.writeBigUInt64LE(BigInt(from), at + 40);
    file.writeBigUInt64LE(BigInt(size), at + 48);
  }
  return file;
}

test('an ad-hoc signature has the hash of every page in front of it', () => {
  const signed = withAdHocSignature(machO(1001), 'scoville');
  const command = HEADER + 2 * SEGMENT;
  expect([signed.readUInt32LE(16), signed.readUInt32LE(20)]).toEqual([3, 2 * SEGMENT + 16]);
  expect([signed.readUInt32LE(command), signed.readUInt32LE(command + 4)]).toEqual([0x1d, 16]);
  const limit = signed.readUInt32LE(command + 8);
  expect([limit % 16, limit + signed.readUInt32LE(command + 12)]).toEqual([0, signed.length]);
  // __LINKEDIT covers it.
  expect(signed.readBigUInt64LE(HEADER + SEGMENT + 48)).toBe(BigInt(signed.length - TEXT.size));
  const directory = signed.subarray(limit + signed.readUInt32BE(limit + 16));
  const word = (at: number): number => directory.readUInt32BE(at);
  expect([word(0), word(8), word(12), word(32)]).toEqual([0xfade0c02, 0x20400, 0x20002, limit]);
  expect(directory.toString('latin1', word(20), word(20) + 9)).toBe('scoville\0');
  expect([...directory.subarray(36, 40)]).toEqual([32, 2, 0, 12]);
  expect([word(28), directory.readBigUInt64BE(72)]).toEqual([5, BigInt(TEXT.size)]);
  for (let page = 0; page < word(28); page++) {
    const from = word(16) + page * 32;
    const bytes = signed.subarray(page * 4096, Math.min((page + 1) * 4096, limit));
    expect(directory.subarray(from, from + 32)).toEqual(
      createHash('sha256').update(bytes).digest(),
    );
  }
});

test('a signature is taken off again, and a file without one stays as it is', () => {
  const bare = machO(1008);
  expect(withoutSignature(bare)).toEqual(bare);
  expect(withoutSignature(withAdHocSignature(bare, 'scoville'))).toEqual(bare);
});

test.each([
  ['not a Mach-O file', () => withAdHocSignature(Buffer.alloc(64), 'x'), 'not a 64-bit Mach-O'],
  ['too short', () => withoutSignature(Buffer.alloc(4)), 'not a 64-bit Mach-O'],
  ['signed', () => withAdHocSignature(withAdHocSignature(machO(16), 'x'), 'x'), 'has a signature'],
  ['without room', () => withAdHocSignature(machO(16, 0), 'x'), 'no room for a load command'],
  [
    'with more behind its last segment',
    () => withAdHocSignature(Buffer.concat([machO(16), Buffer.alloc(40)]), 'x'),
    'not the end of the file',
  ],
  [
    'with more behind its signature',
    () => withoutSignature(Buffer.concat([withAdHocSignature(machO(16), 'x'), Buffer.alloc(16)])),
    'not at the end',
  ],
])('a file %s is refused', (_, act, message) => {
  expect(act).toThrow(message);
});
