import { pathRule } from '../rule.ts';

export const ldconfigCache = pathRule({
  id: 'ldconfig-cache',
  touches:
    'var/cache/ldconfig/aux-cache, where ldconfig keeps inode numbers and change times of libraries.',
  safeBecause:
    'It only speeds ldconfig up, and is never valid in a container, whose inodes are others. The loader reads etc/ld.so.cache, which stays.',
  answers: 'ldconfig aux-cache',
  mode: 'safe',
  kind: 'drop',
  files: ['var/cache/ldconfig/aux-cache'],
});
