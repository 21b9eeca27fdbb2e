import { pathRule } from '../rule.ts';

export const temporaryFiles = pathRule({
  id: 'temporary-files',
  touches:
    'Files of runtimes in tmp: Java performance data, compile caches of Node.js, locks of Elixir’s Mix.',
  safeBecause: 'They belong to processes that have ended. The runtimes write them again.',
  answers: 'Temporary files',
  mode: 'safe',
  kind: 'drop',
  files: [
    'tmp/hsperfdata_*/*',
    'tmp/node-compile-cache/**',
    'tmp/v8-compile-cache*/**',
    'tmp/v8-compile-cache*',
    'tmp/mix_pubsub_*/**',
    'tmp/mix_lock_*/**',
  ],
});
