import { noShell } from '../../src/criteria/no-shell.ts';
import type { FileFact } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, filesystem, link, program } from './facts-builder.ts';

const having = (...files: readonly FileFact[]) => factsOf({ filesystem: filesystem(files) });

judgesAs(noShell, [
  ['pass', 'no executables at all', having(), 'no shell'],
  ['fail', 'dash without bash', having(program('usr/bin/dash')), 'usr/bin/dash'],
  ['fail', 'ksh', having(program('bin/ksh93')), 'bin/ksh93'],
  [
    'fail',
    'busybox out of $PATH',
    having(program('busybox/sh', { multicall: 'busybox' })),
    'busybox/sh',
  ],
  [
    'fail',
    'busybox by another name and without links',
    having(program('app/server', { multicall: 'busybox' })),
    '1 shell: app/server',
  ],
  [
    'fail',
    'a busybox root: the binary and the links named like a shell, not each applet',
    having(
      program('bin/[', { multicall: 'busybox' }),
      ...['cat', 'ls', 'sh', 'ash', 'vi'].map((name) =>
        program(`bin/${name}`, { multicall: 'busybox', type: 'hardlink' }),
      ),
    ),
    '2 shells: bin/sh, bin/ash',
  ],
  [
    'fail',
    'hard links of a renamed busybox',
    having(
      program('app/a', { multicall: 'busybox', type: 'hardlink' }),
      program('app/b', { multicall: 'busybox', type: 'hardlink' }),
    ),
    '1 shell: app/a',
  ],
  [
    'fail',
    'bash by another name',
    having(program('usr/bin/foo', { shell: 'bash' })),
    '1 shell: usr/bin/foo',
  ],
  [
    'fail',
    'bash by its own name, and a copy of it by another',
    having(program('bin/bash', { shell: 'bash' }), program('usr/bin/foo', { shell: 'bash' })),
    '2 shells: bin/bash, usr/bin/foo',
  ],
  ['fail', 'toybox', having(program('bin/toybox', { multicall: 'toybox' })), 'bin/toybox'],
  ['fail', 'PowerShell', having(program('opt/microsoft/powershell/7/pwsh')), 'pwsh'],
  ['fail', 'zsh with its version', having(program('usr/bin/zsh-5.9')), 'zsh-5.9'],
  ['fail', 'nushell', having(program('usr/local/bin/nu')), 'bin/nu'],
  [
    'fail',
    'a link named sh that leads to a program',
    having(link('bin/sh', 'usr/bin/dash'), program('usr/bin/dash')),
    '2 shells',
  ],
  [
    'pass',
    'bash copied to another name, which the page tells is not found',
    having(program('usr/bin/foo')),
    'no shell',
  ],
  [
    'fail',
    'a link of another name to bash',
    having(link('usr/bin/foo', 'bin/bash'), program('bin/bash')),
    'bin/bash',
  ],
  [
    'fail',
    'a shell hidden among documents',
    having(program('usr/share/doc/x/bash')),
    'usr/share/doc/x/bash',
  ],
  ['fail', 'a script named ash', having(program('bin/ash', { executable: 'script' })), 'bin/ash'],
  ['pass', 'ok- dangling link', having(link('bin/sh', undefined)), 'no shell'],
  [
    'pass',
    'ok- an executable text that is no program',
    having(program('srv/bash', { executable: 'unknown' })),
    'no shell',
  ],
  [
    'pass',
    'ok- a completion file',
    having(program('usr/share/bash-completion/completions/sh', { executable: 'script' })),
    'no shell',
  ],
  [
    'pass',
    'ok- run-times and names that only begin like a shell',
    having(
      program('usr/bin/perl'),
      program('usr/bin/python3.13'),
      program('usr/bin/ssh'),
      program('usr/bin/bashtop'),
      program('usr/bin/shasum'),
      program('usr/bin/node'),
    ),
    'no shell',
  ],
  ['unknown', 'filesystem not read', factsOf(), 'not gathered', { settle: 'gather it' }],
]);
