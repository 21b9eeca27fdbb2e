import type { RewriteRule } from '../rule.ts';
import { isTarballOfBuild, retimedTar } from '../tarball.ts';

export const tarFiles: RewriteRule = {
  id: 'tar-files',
  touches:
    'Tar files that the build made and did not compress (NAME.tar outside of folders that ' +
    'package managers fill). Times of their members become the epoch, and they are sorted by ' +
    'name.',
  safeBecause:
    'Members, their content, owners and modes stay. But the file’s hash is another one, so that a checksum or signature of it made in the build would no longer fit.',
  answers: 'Archives made in a RUN',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => path.endsWith('.tar') && isTarballOfBuild(path),
  rewrite: (bytes, { epoch }) => retimedTar(bytes, epoch),
};
