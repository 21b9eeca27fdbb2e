import { pathPattern, treePattern } from '../path-pattern.ts';
import type { PathRule } from '../rule.ts';

const FILES = ['**/.cache/pip/**', '**/.cache/uv/**'];
const isMeant = pathPattern(...FILES);
const isTree = treePattern(...FILES);

export const pipCache: PathRule = {
  id: 'pip-cache',
  touches: 'pip’s and uv’s download caches in home directories (.cache/pip, .cache/uv).',
  safeBecause:
    'They download again what they miss; but an image that installs offline from this cache at start would no longer.',
  answers: 'pip cache',
  mode: 'aggressive',
  kind: 'drop',
  applies: ({ path }) => isMeant(path),
  appliesToFolder: ({ path }) => isTree(path),
};
