import { pathPattern, treePattern } from '../path-pattern.ts';
import type { PathRule } from '../rule.ts';

const FILES = ['**/.npm/_cacache/**', '**/.npm/_logs/**', '**/.npm/_update-notifier-last-checked'];
const isMeant = pathPattern(...FILES);
const isTree = treePattern(...FILES);

export const npmCache: PathRule = {
  id: 'npm-cache',
  touches: 'npm’s download cache and logs in home directories (.npm).',
  safeBecause:
    'npm downloads again what it misses; but an image that installs offline from this cache at start would no longer.',
  answers: 'npm cache',
  mode: 'aggressive',
  kind: 'drop',
  applies: ({ path }) => isMeant(path),
  appliesToFolder: ({ path }) => isTree(path),
};
