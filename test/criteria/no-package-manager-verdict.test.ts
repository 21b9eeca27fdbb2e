import { noPackageManager } from '../../src/criteria/installed-programs.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, filesystem, link, packages, pkg, program } from './facts-builder.ts';

const file = (path: string) => factsOf({ filesystem: filesystem([program(path)]) });

judgesAs(noPackageManager, [
  {
    name: 'nothing',
    facts: factsOf({ filesystem: filesystem() }),
    outcome: 'pass',
    says: 'no package manager',
  },
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
  ].map((name) => ({ name, facts: file(`usr/bin/${name}`), outcome: 'fail' as const, says: name })),
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
  ].map((name) => ({
    name,
    facts: file(`usr/local/bin/${name}`),
    outcome: 'fail' as const,
    says: name,
  })),
  {
    name: 'composer as an archive',
    facts: file('usr/bin/composer.phar'),
    outcome: 'fail',
    says: 'composer',
  },
  { name: 'static apk', facts: file('sbin/apk.static'), outcome: 'fail', says: 'apk.static' },
  ...['etc/cron.daily/dpkg', 'etc/init.d/snap', 'usr/share/bug/apt'].map((path) => ({
    name: `ok-${path}, a script for what looks after it`,
    facts: factsOf({ filesystem: filesystem([program(path, { executable: 'script' })]) }),
    outcome: 'pass' as const,
    says: 'no package manager',
  })),
  {
    name: 'a program of that name there is one',
    facts: file('etc/cron.daily/dpkg'),
    outcome: 'fail',
    says: 'dpkg',
  },
  {
    name: 'npm without an executable',
    facts: factsOf({
      filesystem: filesystem([], {
        managerFiles: [program('usr/lib/node_modules/npm/package.json', { mode: 0o644 })],
      }),
    }),
    outcome: 'fail',
    says: '1 package manager: npm',
  },
  {
    name: 'pip without an executable',
    facts: factsOf({
      filesystem: filesystem([], {
        managerFiles: [program('usr/lib/python3/dist-packages/pip/__init__.py', { mode: 0o644 })],
      }),
    }),
    outcome: 'fail',
    says: '1 package manager: pip',
  },
  {
    name: 'ok- the record of a pip whose code is gone',
    facts: factsOf({
      filesystem: filesystem(),
      packages: packages(
        pkg('pip', '24.0', 'pypi', 'usr/lib/python3.13/site-packages/pip-24.0.dist-info'),
      ),
    }),
    outcome: 'pass',
    says: 'no package manager',
  },
  {
    name: 'a manager that is known by its record alone',
    facts: factsOf({
      filesystem: filesystem(),
      packages: packages(pkg('conan', '2.9.0', 'pypi', 'opt/x/conan-2.9.0.dist-info/METADATA')),
    }),
    outcome: 'fail',
    says: 'conan',
  },
  {
    name: 'named with its interpreter, or packed into one file',
    facts: factsOf({
      filesystem: filesystem([program('usr/bin/python3-pip'), program('opt/pip.pyz')]),
    }),
    outcome: 'fail',
    says: '2 package managers: python3-pip, pip.pyz',
  },
  {
    name: 'ok- a package database without a manager',
    facts: factsOf({
      filesystem: filesystem([program('usr/bin/node')], {
        has: (path) => path === 'var/lib/dpkg/status.d',
      }),
      packages: packages(pkg('libc6'), pkg('dpkg')),
    }),
    outcome: 'pass',
    says: 'no package manager',
  },
  {
    name: 'ok- dangling link',
    facts: factsOf({ filesystem: filesystem([link('usr/bin/npm', undefined)]) }),
    outcome: 'pass',
    says: 'no package manager',
  },
  {
    name: 'ok- names that only begin alike',
    facts: factsOf({
      filesystem: filesystem([
        program('usr/bin/aptd'),
        program('usr/bin/pipewire'),
        program('usr/bin/gemini'),
      ]),
    }),
    outcome: 'pass',
    says: 'no package manager',
  },
  { name: 'filesystem not read', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
