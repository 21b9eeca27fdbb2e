import { noElevatedFiles } from '../../src/criteria/no-elevated-files.ts';
import type { FileFact } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, filesystem, program } from './facts-builder.ts';

const having = (...elevated: readonly FileFact[]) =>
  factsOf({ filesystem: filesystem([], { elevated, fileCount: 7 }) });

judgesAs(noElevatedFiles, [
  { name: 'none', facts: having(), outcome: 'pass', says: 'no setuid' },
  {
    name: 'setuid',
    facts: having(program('bin/ping', { mode: 0o4755 })),
    outcome: 'fail',
    says: '1 file: bin/ping',
  },
  {
    name: 'setgid',
    facts: having(program('usr/bin/wall', { mode: 0o2755 })),
    outcome: 'fail',
    says: 'wall',
  },
  {
    name: 'capabilities',
    facts: having(program('app', { capabilities: ['cap_net_raw+ep'] })),
    outcome: 'fail',
    says: 'app',
  },
  {
    name: 'a hard link',
    facts: having(program('a', { mode: 0o4755 }), program('b', { type: 'hardlink', mode: 0o4755 })),
    outcome: 'fail',
    says: '2 files: a, b',
  },
  {
    name: 'ok- listed without any bit',
    facts: having(program('a', { capabilities: [] })),
    outcome: 'pass',
    says: 'no setuid',
  },
  { name: 'not read', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
