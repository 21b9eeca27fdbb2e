import { pathRule } from '../rule.ts';

export const aptCache = pathRule({
  id: 'apt-cache',
  touches:
    'Binary indexes that apt makes of its lists (pkgcache.bin, srcpkgcache.bin) and its lock files.',
  safeBecause: 'apt rebuilds them from the lists whenever they are missing or old.',
  answers: 'apt caches with mtimes of lists',
  mode: 'safe',
  kind: 'drop',
  files: [
    'var/cache/apt/pkgcache.bin',
    'var/cache/apt/srcpkgcache.bin',
    'var/lib/apt/lists/lock',
    'var/cache/apt/archives/lock',
  ],
});
