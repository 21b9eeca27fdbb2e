import { noShell } from '../../src/criteria/no-shell.ts';
import type { FileFact } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, filesystem, link, program } from './facts-builder.ts';

const having = (...files: readonly FileFact[]) => factsOf({ filesystem: filesystem(files) });

judgesAs(noShell, [
  { name: 'no executables at all', facts: having(), outcome: 'pass', says: 'no shell' },
  {
    name: 'dash without bash',
    facts: having(program('usr/bin/dash')),
    outcome: 'fail',
    says: 'usr/bin/dash',
  },
  { name: 'ksh', facts: having(program('bin/ksh93')), outcome: 'fail', says: 'bin/ksh93' },
  {
    name: 'busybox out of $PATH',
    facts: having(program('busybox/sh', { multicall: 'busybox' })),
    outcome: 'fail',
    says: 'busybox/sh',
  },
  {
    name: 'busybox by another name and without links',
    facts: having(program('app/server', { multicall: 'busybox' })),
    outcome: 'fail',
    says: '1 shell: app/server',
  },
  {
    name: 'a busybox root: the binary and the links named like a shell, not each applet',
    facts: having(
      program('bin/[', { multicall: 'busybox' }),
      ...['cat', 'ls', 'sh', 'ash', 'vi'].map((name) =>
        program(`bin/${name}`, { multicall: 'busybox', type: 'hardlink' }),
      ),
    ),
    outcome: 'fail',
    says: '2 shells: bin/sh, bin/ash',
  },
  {
    name: 'hard links of a renamed busybox',
    facts: having(
      program('app/a', { multicall: 'busybox', type: 'hardlink' }),
      program('app/b', { multicall: 'busybox', type: 'hardlink' }),
    ),
    outcome: 'fail',
    says: '1 shell: app/a',
  },
  {
    name: 'bash by another name',
    facts: having(program('usr/bin/foo', { shell: 'bash' })),
    outcome: 'fail',
    says: '1 shell: usr/bin/foo',
  },
  {
    name: 'bash by its own name, and a copy of it by another',
    facts: having(
      program('bin/bash', { shell: 'bash' }),
      program('usr/bin/foo', { shell: 'bash' }),
    ),
    outcome: 'fail',
    says: '2 shells: bin/bash, usr/bin/foo',
  },
  {
    name: 'toybox',
    facts: having(program('bin/toybox', { multicall: 'toybox' })),
    outcome: 'fail',
    says: 'bin/toybox',
  },
  {
    name: 'PowerShell',
    facts: having(program('opt/microsoft/powershell/7/pwsh')),
    outcome: 'fail',
    says: 'pwsh',
  },
  {
    name: 'zsh with its version',
    facts: having(program('usr/bin/zsh-5.9')),
    outcome: 'fail',
    says: 'zsh-5.9',
  },
  { name: 'nushell', facts: having(program('usr/local/bin/nu')), outcome: 'fail', says: 'bin/nu' },
  {
    name: 'a link named sh that leads to a program',
    facts: having(link('bin/sh', 'usr/bin/dash'), program('usr/bin/dash')),
    outcome: 'fail',
    says: '2 shells',
  },
  {
    name: 'bash copied to another name, which the page tells is not found',
    facts: having(program('usr/bin/foo')),
    outcome: 'pass',
    says: 'no shell',
  },
  {
    name: 'a link of another name to bash',
    facts: having(link('usr/bin/foo', 'bin/bash'), program('bin/bash')),
    outcome: 'fail',
    says: 'bin/bash',
  },
  {
    name: 'a shell hidden among documents',
    facts: having(program('usr/share/doc/x/bash')),
    outcome: 'fail',
    says: 'usr/share/doc/x/bash',
  },
  {
    name: 'a script named ash',
    facts: having(program('bin/ash', { executable: 'script' })),
    outcome: 'fail',
    says: 'bin/ash',
  },
  {
    name: 'ok- dangling link',
    facts: having(link('bin/sh', undefined)),
    outcome: 'pass',
    says: 'no shell',
  },
  {
    name: 'ok- an executable text that is no program',
    facts: having(program('srv/bash', { executable: 'unknown' })),
    outcome: 'pass',
    says: 'no shell',
  },
  {
    name: 'ok- a completion file',
    facts: having(program('usr/share/bash-completion/completions/sh', { executable: 'script' })),
    outcome: 'pass',
    says: 'no shell',
  },
  {
    name: 'ok- run-times and names that only begin like a shell',
    facts: having(
      program('usr/bin/perl'),
      program('usr/bin/python3.13'),
      program('usr/bin/ssh'),
      program('usr/bin/bashtop'),
      program('usr/bin/shasum'),
      program('usr/bin/node'),
    ),
    outcome: 'pass',
    says: 'no shell',
  },
  {
    name: 'filesystem not read',
    facts: factsOf(),
    outcome: 'unknown',
    says: 'not gathered',
    settle: 'gather it',
  },
]);
