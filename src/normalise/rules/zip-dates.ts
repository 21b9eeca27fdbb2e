import type { RewriteRule } from '../rule.ts';
import { isTarballOfBuild } from '../tarball.ts';
import { retimeZip } from './zip-times.ts';

export const zipDates: RewriteRule = {
  id: 'zip-dates',
  touches:
    'Zip files that the build made (outside of folders that package managers fill). Times of ' +
    'all their members become the epoch, earlier ones too, such as a checkout’s that a RUN ' +
    'packed.',
  safeBecause:
    'Members, their order and their checksums stay. But the file’s hash is another one, so that a checksum or signature of it made in the build would no longer fit.',
  answers: 'Archives made in a RUN',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => isTarballOfBuild(path),
  startsWith: [Uint8Array.of(0x50, 0x4b, 3, 4)],
  rewrite: (bytes, { epoch }) => retimeZip(bytes, epoch, () => true),
};
