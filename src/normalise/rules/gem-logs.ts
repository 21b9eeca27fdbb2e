import { pathPattern } from '../path-pattern.ts';
import type { PathRule } from '../rule.ts';

const isMeant = pathPattern('**/gem_make.out', '**/mkmf.log');

export const gemLogs: PathRule = {
  id: 'gem-logs',
  touches: 'Logs of native gem builds (gem_make.out, mkmf.log).',
  safeBecause:
    'They contain the names of temporary folders and nothing reads them. But the names could ' +
    'be a program’s own.',
  answers: 'gem_make.out, mkmf.log',
  mode: 'aggressive',
  kind: 'drop',
  applies: ({ path }) => isMeant(path),
};
