import { pathPattern } from '../path-pattern.ts';
import type { PathRule } from '../rule.ts';

const isMeant = pathPattern(
  'var/cache/apt/pkgcache.bin',
  'var/cache/apt/srcpkgcache.bin',
  'var/lib/apt/lists/lock',
  'var/cache/apt/archives/lock',
);

export const aptCache: PathRule = {
  id: 'apt-cache',
  touches:
    'Binary indexes that apt makes of its lists (pkgcache.bin, srcpkgcache.bin) and its lock files.',
  safeBecause: 'apt rebuilds them from the lists whenever they are missing or old.',
  answers: 'apt caches with mtimes of lists',
  mode: 'safe',
  kind: 'drop',
  applies: ({ path }) => isMeant(path),
};
