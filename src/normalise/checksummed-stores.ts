import { type PathTest, pathPattern } from './path-pattern.ts';

/** Package managers' caches, packages by unmistakable endings, and indexes of repositories. */
export const isStored: PathTest = pathPattern(
  '**/_cacache/**',
  '**/.m2/**',
  '**/.ivy2/**',
  '**/.gradle/**',
  '**/.cache/**',
  '**/.yarn/**',
  '**/.pnpm-store/**',
  '**/pnpm/store/**',
  '**/.composer/**',
  '**/pkg/mod/cache/**',
  '**/.cargo/**',
  '**/cargo/registry/**',
  '**/.nuget/**',
  'var/cache/**',
  'etc/apk/cache/**',
  '**/*.nupkg',
  '**/*.snupkg',
  '**/*.whl',
  '**/*.gem',
  '**/*.crate',
  '**/*.apk',
  '**/*.deb',
  // Of a package repository: its Release or repomd.xml has their checksums.
  '**/Packages.gz',
  '**/Sources.gz',
  '**/dists/**/*.gz',
  '**/repodata/*.gz',
);

/** npm and Helm packages, or archives that a RUN packed: only rules for any build archive apply. */
const isTgz: PathTest = pathPattern('**/*.tgz');

/**
 * Archives that some other file or a signature holds a checksum of: package managers' caches and
 * packages as published. What was downloaded is the same in every build anyway, and must not
 * change.
 */
export const isChecksummed: PathTest = (path) => isStored(path) || isTgz(path);
