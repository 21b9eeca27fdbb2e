import { pathRule } from '../rule.ts';

export const gemLogs = pathRule({
  id: 'gem-logs',
  touches: 'Logs of native gem builds (gem_make.out, mkmf.log).',
  safeBecause:
    'They contain the names of temporary folders and nothing reads them. But the names could ' +
    'be a program’s own.',
  answers: 'gem_make.out, mkmf.log',
  mode: 'aggressive',
  kind: 'drop',
  files: ['**/gem_make.out', '**/mkmf.log'],
});
