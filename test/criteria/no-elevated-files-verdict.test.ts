import { noElevatedFiles } from '../../src/criteria/no-elevated-files.ts';
import type { FileFact } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, filesystem, program } from './facts-builder.ts';

const having = (...elevated: readonly FileFact[]) =>
  factsOf({ filesystem: filesystem([], { elevated, fileCount: 7 }) });

judgesAs(noElevatedFiles, [
  ['pass', 'none', having(), 'no setuid'],
  ['fail', 'setuid', having(program('bin/ping', { mode: 0o4755 })), '1 file: bin/ping'],
  ['fail', 'setgid', having(program('usr/bin/wall', { mode: 0o2755 })), 'wall'],
  ['fail', 'capabilities', having(program('app', { capabilities: ['cap_net_raw+ep'] })), 'app'],
  [
    'fail',
    'a hard link',
    having(program('a', { mode: 0o4755 }), program('b', { type: 'hardlink', mode: 0o4755 })),
    '2 files: a, b',
  ],
  ['pass', 'ok- listed without any bit', having(program('a', { capabilities: [] })), 'no setuid'],
  ['unknown', 'not read', factsOf(), 'not gathered'],
]);
