import { isChecksummed } from '../checksummed-stores.ts';
import type { RewriteRule } from '../rule.ts';

const HEADER_BYTES = 10;

export const gzipHeader: RewriteRule = {
  id: 'gzip-header',
  touches:
    'The time in the header of gzip files (RFC 1952, bytes 4 to 7) where it is later than the epoch or a COPY’s. Not in package managers’ caches, in packages, nor in indexes of package repositories.',
  safeBecause: 'Nothing but `gunzip -N` reads it, and no checksum inside the file covers it.',
  answers: 'Time in gzip headers',
  mode: 'safe',
  kind: 'rewrite',
  headBytes: HEADER_BYTES,
  applies: ({ path }) => !isChecksummed(path),
  startsWith: [Uint8Array.of(0x1f, 0x8b, 8)],
  rewrite: (bytes, { stamps, copied, epoch }) => {
    if (bytes.length < HEADER_BYTES) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
    const stored = view.getUint32(4, true);
    // In a COPY the file is the user's own: its inside changes only where the build's time is in
    // it.
    const written = copied ? Math.min(stored, epoch) : stamps.normalised(stored);
    if (stored === 0 || written === stored) return undefined;
    view.setUint32(4, written, true);
    return bytes;
  },
};
