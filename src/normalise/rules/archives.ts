import { isChecksummed } from '../checksummed-stores.ts';
import type { RewriteRule } from '../rule.ts';
import { isTarballOfBuild, retimedTar, retimedTarball } from '../tarball.ts';

const HEADER_BYTES = 10;

export const gzipHeader: RewriteRule = {
  id: 'gzip-header',
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

export const tarballs: RewriteRule = {
  id: 'tarballs',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => isTarballOfBuild(path),
  startsWith: [Uint8Array.of(0x1f, 0x8b, 8)],
  rewrite: (bytes, { epoch }) => retimedTarball(bytes, epoch),
};

export const tarFiles: RewriteRule = {
  id: 'tar-files',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => path.endsWith('.tar') && isTarballOfBuild(path),
  rewrite: (bytes, { epoch }) => retimedTar(bytes, epoch),
};
