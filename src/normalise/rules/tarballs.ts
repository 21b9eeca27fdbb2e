import type { RewriteRule } from '../rule.ts';
import { isTarballOfBuild, retimedTarball } from '../tarball.ts';

export const tarballs: RewriteRule = {
  id: 'tarballs',
  touches:
    'Gzip files that the build made (outside of folders that package managers fill). The ' +
    'time in the header becomes the epoch. If there is a tar archive inside, so do the times ' +
    'of its members, which are sorted by name. The archive is compressed again.',
  safeBecause:
    'Members, their content, owners and modes stay. But the file’s hash is another one, so that a checksum or signature of it made in the build would no longer fit.',
  answers: 'Archives made in a RUN',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => isTarballOfBuild(path),
  startsWith: [Uint8Array.of(0x1f, 0x8b, 8)],
  rewrite: (bytes, { epoch }) => retimedTarball(bytes, epoch),
};
