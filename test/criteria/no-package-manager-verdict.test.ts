import { noPackageManager } from '../../src/criteria/installed-programs.ts';
import { judgesAs, type Row } from './criterion-table.ts';
import { factsOf, filesystem, link, packages, pkg, program } from './facts-builder.ts';

const file = (path: string) => factsOf({ filesystem: filesystem([program(path)]) });

judgesAs(noPackageManager, [
  ['pass', 'nothing', factsOf({ filesystem: filesystem() }), 'no package manager'],
  ...[
    'apt',
    'apt-get',
    'dpkg',
    'apk',
    'microdnf',
    'tdnf',
    'zypper',
    'rpm',
    'pacman',
    'opkg',
    'nix',
    'brew',
  ].map((name): Row => ['fail', name, file(`usr/bin/${name}`), name]),
  ...[
    'pip3.11',
    'pip',
    'npx',
    'yarn',
    'pnpm',
    'corepack',
    'gem',
    'bundle',
    'conda',
    'uv',
    'poetry',
    'cargo',
  ].map((name): Row => ['fail', name, file(`usr/local/bin/${name}`), name]),
  ['fail', 'composer as an archive', file('usr/bin/composer.phar'), 'composer'],
  ['fail', 'static apk', file('sbin/apk.static'), 'apk.static'],
  ...['etc/cron.daily/dpkg', 'etc/init.d/snap', 'usr/share/bug/apt'].map((path): Row => [
    'pass',
    `ok-${path}, a script for what looks after it`,
    factsOf({ filesystem: filesystem([program(path, { executable: 'script' })]) }),
    'no package manager',
  ]),
  ['fail', 'a program of that name there is one', file('etc/cron.daily/dpkg'), 'dpkg'],
  [
    'fail',
    'npm without an executable',
    factsOf({
      filesystem: filesystem([], {
        managerFiles: [program('usr/lib/node_modules/npm/package.json', { mode: 0o644 })],
      }),
    }),
    '1 package manager: npm',
  ],
  [
    'fail',
    'pip without an executable',
    factsOf({
      filesystem: filesystem([], {
        managerFiles: [program('usr/lib/python3/dist-packages/pip/__init__.py', { mode: 0o644 })],
      }),
    }),
    '1 package manager: pip',
  ],
  [
    'pass',
    'ok- the record of a pip whose code is gone',
    factsOf({
      filesystem: filesystem(),
      packages: packages(
        pkg('pip', '24.0', 'pypi', 'usr/lib/python3.13/site-packages/pip-24.0.dist-info'),
      ),
    }),
    'no package manager',
  ],
  [
    'fail',
    'a manager that is known by its record alone',
    factsOf({
      filesystem: filesystem(),
      packages: packages(pkg('conan', '2.9.0', 'pypi', 'opt/x/conan-2.9.0.dist-info/METADATA')),
    }),
    'conan',
  ],
  [
    'fail',
    'named with its interpreter, or packed into one file',
    factsOf({
      filesystem: filesystem([program('usr/bin/python3-pip'), program('opt/pip.pyz')]),
    }),
    '2 package managers: python3-pip, pip.pyz',
  ],
  [
    'pass',
    'ok- a package database without a manager',
    factsOf({
      filesystem: filesystem([program('usr/bin/node')], {
        has: (path) => path === 'var/lib/dpkg/status.d',
      }),
      packages: packages(pkg('libc6'), pkg('dpkg')),
    }),
    'no package manager',
  ],
  [
    'pass',
    'ok- dangling link',
    factsOf({ filesystem: filesystem([link('usr/bin/npm', undefined)]) }),
    'no package manager',
  ],
  [
    'pass',
    'ok- names that only begin alike',
    factsOf({
      filesystem: filesystem([
        program('usr/bin/aptd'),
        program('usr/bin/pipewire'),
        program('usr/bin/gemini'),
      ]),
    }),
    'no package manager',
  ],
  ['unknown', 'filesystem not read', factsOf(), 'not gathered'],
]);
