import { gzipSync } from 'node:zlib';

/** How a layer is compressed. */
export type Packing = keyof typeof PACKINGS;

const BLOCK = 65_536;

/** A frame of blocks that are stored as they are (RFC 8878, 3.1.1). */
function zstdFrame(bytes: Buffer): Buffer {
  // Magic, a header without anything, a window of 1 MiB.
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x50])];
  for (let at = 0; at === 0 || at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    const isLast = at + BLOCK >= bytes.length;
    const header = Buffer.alloc(3);
    header.writeUIntLE((block.length << 3) | (isLast ? 1 : 0), 0, 3);
    parts.push(header, block);
  }
  return Buffer.concat(parts);
}

const SKIPPED = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]);

function halves(bytes: Buffer): readonly [Buffer, Buffer] {
  const half = Math.floor(bytes.length / 2);
  return [bytes.subarray(0, half), bytes.subarray(half)];
}

const PACKINGS = {
  gzip: (bytes) => gzipSync(bytes),
  'gzip members': (bytes) => Buffer.concat(halves(bytes).map((half) => gzipSync(half))),
  'gzip, then an empty member': (bytes) => Buffer.concat([gzipSync(bytes), gzipSync('')]),
  // Go's own reader refuses them; unpigz, which engines use where it is there, takes them.
  'gzip, then zeros': (bytes) => Buffer.concat([gzipSync(bytes), Buffer.alloc(512)]),
  'gzip, then text': (bytes) => Buffer.concat([gzipSync(bytes), Buffer.from('text')]),
  'gzip, cut': (bytes) => gzipSync(bytes).subarray(0, -4),
  zstd: zstdFrame,
  'zstd frames': (bytes) => Buffer.concat(halves(bytes).map(zstdFrame)),
  'zstd, skipped first': (bytes) => Buffer.concat([SKIPPED, zstdFrame(bytes)]),
  'zstd, skipped between': (bytes) => {
    const [one, other] = halves(bytes).map(zstdFrame);
    return Buffer.concat([one ?? bytes, SKIPPED, other ?? bytes, SKIPPED]);
  },
  'zstd, then text': (bytes) => Buffer.concat([zstdFrame(bytes), Buffer.from('text')]),
} satisfies Readonly<Record<string, (bytes: Buffer) => Buffer>>;

export const ALL_PACKINGS = Object.keys(PACKINGS) as readonly Packing[];

export function packed(bytes: Buffer, packing: Packing | undefined): Buffer {
  return packing === undefined ? bytes : PACKINGS[packing](bytes);
}
