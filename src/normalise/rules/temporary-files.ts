import { pathPattern, treePattern } from '../path-pattern.ts';
import type { PathRule } from '../rule.ts';

const FILES = [
  'tmp/hsperfdata_*/*',
  'tmp/node-compile-cache/**',
  'tmp/v8-compile-cache*/**',
  'tmp/v8-compile-cache*',
];
const isMeant = pathPattern(...FILES);
const isTree = treePattern(...FILES);

export const temporaryFiles: PathRule = {
  id: 'temporary-files',
  touches: 'Files of runtimes in tmp: Java performance data, compile caches of Node.js.',
  safeBecause: 'They belong to processes that have ended. The runtimes write them again.',
  answers: 'Temporary files',
  mode: 'safe',
  kind: 'drop',
  applies: ({ path }) => isMeant(path),
  appliesToFolder: ({ path }) => isTree(path),
};
