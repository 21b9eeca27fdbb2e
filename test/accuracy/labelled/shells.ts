import { elfWith, file, hardlink, link, program } from '../../facts/support.ts';
import { hardenedWith, type Labelled } from '../starting-points.ts';

const SHELL = { 'no-shell': 'fail' } as const;
const BUSYBOX = elfWith('BusyBox v1.37.0 (2025-01-01) multi-call binary', 40_000);

/** Where a shell can hide, and what only looks like one. */
export const SHELLS_LABELLED: readonly Labelled[] = [
  hardenedWith('dash, the shell that Debian calls sh', [[program('usr/bin/dash')]], SHELL),
  hardenedWith('a shell outside of PATH', [[program('opt/vendor/lib/bash-5.2')]], SHELL),
  hardenedWith('busybox in a folder of its own', [[program('busybox/sh', BUSYBOX)]], SHELL),
  hardenedWith('busybox by another name', [[program('app/health', BUSYBOX)]], SHELL),
  hardenedWith(
    'one busybox with hard links for its applets',
    [
      [
        program('usr/bin/cat', BUSYBOX),
        ...['ls', 'id', 'env'].map((n) => hardlink(`usr/bin/${n}`, 'usr/bin/cat')),
      ],
    ],
    SHELL,
  ),
  hardenedWith(
    'sh as an absolute link in a linked folder',
    [
      [
        link('bin', 'usr/bin'),
        program('usr/libexec/real'),
        link('usr/bin/sh', '/usr/libexec/real'),
      ],
    ],
    SHELL,
  ),
  hardenedWith(
    'a relative link that leads out of its folder',
    [[program('opt/zsh/zsh-5.9'), link('usr/local/bin/zsh', '../../../opt/zsh/zsh-5.9')]],
    SHELL,
  ),
  hardenedWith('PowerShell', [[program('opt/microsoft/powershell/7/pwsh')]], SHELL),
  hardenedWith('a shell that a whiteout took away', [
    [program('usr/bin/bash')],
    [file('usr/bin/.wh.bash')],
  ]),
  hardenedWith('a shell in a folder that was made opaque', [
    [program('opt/tools/bin/zsh'), program('opt/tools/bin/fish')],
    [file('opt/tools/.wh..wh..opq'), file('opt/tools/readme', 'gone\n')],
  ]),
  hardenedWith('a shell in a folder that was deleted whole', [
    [program('opt/tools/bin/ksh')],
    [file('opt/.wh.tools')],
  ]),
  hardenedWith(
    'a shell that came back after a whiteout',
    [[program('usr/bin/bash')], [file('usr/bin/.wh.bash')], [program('usr/bin/bash')]],
    SHELL,
  ),
  hardenedWith(
    'a whiteout in the layer that brings the shell hides what lies below, not itself',
    [[program('usr/bin/bash')], [file('usr/bin/.wh.bash'), program('usr/bin/bash')]],
    SHELL,
  ),
  hardenedWith(
    'an opaque mark behind the files of its own layer leaves them',
    [[program('opt/t/old')], [program('opt/t/bash'), file('opt/t/.wh..wh..opq')]],
    SHELL,
  ),
  hardenedWith(
    'a whiteout beside the shell it does not name',
    [[program('usr/bin/bash')], [file('usr/bin/.wh.bash-static')]],
    SHELL,
  ),
  hardenedWith(
    'a link whose target a later layer turns into a shell',
    [[program('usr/bin/x'), link('usr/bin/sh', 'x')], [program('usr/bin/x', BUSYBOX)]],
    SHELL,
  ),
  hardenedWith('dangling and looping links by the names of shells', [
    [
      link('usr/bin/sh', 'dash'),
      link('usr/bin/bash', 'zsh'),
      link('usr/bin/zsh', 'bash'),
      link('usr/bin/ash', '/usr/bin/ash'),
    ],
  ]),
  hardenedWith('documents and completions by the names of shells', [
    [
      file('usr/share/doc/bash', 'Bash is the GNU shell.\n'),
      program('usr/share/doc/zsh/examples/zsh', '#!/bin/zsh\n'),
      program('usr/share/bash-completion/completions/bash', '#!/bin/bash\ncomplete -F _x x\n'),
      program('etc/bash_completion.d/fish', '#!/bin/sh\n'),
      file('etc/bash', 'settings\n'),
      program('opt/notes/dash', 'A dash is a mark.\n'),
      file('lib/terminfo/k/ksh', 'x'),
    ],
  ]),
  hardenedWith('folders and data by the names of shells', [
    [
      file('usr/lib/zsh/functions', 'x'),
      file('bash/readme', 'x'),
      program('bin/bashful'),
      program('bin/fishing'),
    ],
  ]),
  hardenedWith('scripts of the application', [
    [program('app/run.sh', '#!/app/server\n'), program('app/entry', '#!/usr/bin/env node\n')],
  ]),
  hardenedWith('a program that only names busybox', [
    [program('app/detect', elfWith('is this BusyBox? try busybox --help', 40_000))],
  ]),
];
