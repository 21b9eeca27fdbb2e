import { type PathTest, pathPattern } from './path-pattern.ts';

/**
 * Archives that some other file or a signature holds a checksum of: package managers' caches and packages as published.
 * What was downloaded is the same in every build anyway, and must not change.
 */
export const isChecksummed: PathTest = pathPattern(
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
  '**/*.tgz',
);
