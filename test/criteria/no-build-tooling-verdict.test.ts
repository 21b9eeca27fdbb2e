import { noBuildTooling } from '../../src/criteria/no-build-tooling.ts';
import type { FileFact } from '../../src/model/facts.ts';
import type { Package } from '../../src/model/packages.ts';
import { judgesAs } from './criterion-table.ts';
import { factsOf, filesystem, link, packages, pkg, program } from './facts-builder.ts';

const having = (files: readonly FileFact[], list: readonly Package[] = []) =>
  factsOf({ filesystem: filesystem(files), packages: packages(...list) });
const file = (path: string) => having([program(path)]);
const named = (name: string, type: Package['type'] = 'deb') => having([], [pkg(name, '1', type)]);

judgesAs(noBuildTooling, [
  ['pass', 'nothing', having([]), 'no build or debug tooling'],
  ['fail', 'gcc with its version', file('usr/bin/gcc-12'), 'gcc-12'],
  ['fail', 'a cross compiler', file('usr/bin/x86_64-linux-gnu-gcc-12'), 'gcc-12'],
  ['fail', 'clang', file('usr/lib/llvm-19/bin/clang'), 'clang'],
  ['fail', 'Go out of $PATH', file('usr/local/go/bin/go'), 'go'],
  ['fail', 'rustc', file('root/.cargo/bin/rustc'), 'rustc'],
  ['fail', 'Maven by its command', file('opt/maven/bin/mvn'), 'mvn'],
  ['fail', 'the compiler proper', file('usr/libexec/gcc/x86_64-linux-gnu/12/cc1'), 'cc1'],
  ['fail', 'assembler', file('usr/bin/as'), 'as'],
  ['fail', 'gold linker', file('usr/bin/ld.gold'), 'ld.gold'],
  ['fail', 'debugger', file('usr/bin/gdb'), 'gdb'],
  ['fail', 'tracer', file('usr/bin/strace'), 'strace'],
  ['fail', 'make', file('usr/bin/make'), 'make'],
  [
    'fail',
    'npm, which builds and fetches',
    having([
      link('usr/local/bin/npm', 'usr/local/lib/node_modules/npm/bin/npm-cli.js'),
      program('usr/local/lib/node_modules/npm/bin/npm-cli.js', { executable: 'script' }),
    ]),
    'npm',
  ],
  [
    'fail',
    'a link by another name shows its target',
    having([link('usr/bin/build', 'opt/x/javac'), program('opt/x/javac')]),
    'javac',
  ],
  ['fail', '.NET SDK', file('usr/share/dotnet/sdk/8.0.100/apphost'), 'apphost'],
  ['fail', 'build-essential', named('build-essential'), 'build-essential'],
  ['fail', 'headers', named('libssl-dev'), 'libssl-dev'],
  ['fail', 'headers on rpm', named('openssl-devel', 'rpm'), 'openssl-devel'],
  ['fail', 'musl-dev', named('musl-dev', 'apk'), 'musl-dev'],
  ['fail', 'build-base', named('build-base', 'apk'), 'build-base'],
  ['fail', 'versioned compiler package', named('g++-14'), 'g++-14'],
  ['fail', 'targeted compiler package', named('gcc-14-x86-64-linux-gnu'), 'gcc-14'],
  ['fail', 'Go package', named('golang-1.24-go'), 'golang'],
  ['fail', 'JDK package', named('openjdk-21-jdk-headless'), 'jdk'],
  [
    'pass',
    'ok- parts of a tool chain without a tool',
    having(
      [],
      [
        'gcc-12-base',
        'linux-libc-dev',
        'libgcc-s1',
        'binutils-common',
        'make-doc',
        'cmake-data',
      ].map((n) => pkg(n)),
    ),
    'no build',
  ],
  [
    'pass',
    'ok- packages that only look like headers or tools',
    having(
      [],
      [
        'udev',
        'makedev',
        'openjdk-21-jre-headless',
        'ldap-utils',
        'gpgv',
        'astyle-libs',
        'gem',
        'goaccess',
      ].map((n) => pkg(n)),
    ),
    'no build',
  ],
  ['pass', 'ok- a language package by such a name', named('make', 'npm'), 'no build'],
  [
    'pass',
    'ok- the run-time loader',
    having([
      program('usr/lib64/ld-linux-x86-64.so.2'),
      link('usr/bin/ld.so', 'usr/lib64/ld-linux-x86-64.so.2'),
      program('lib/ld-musl-x86_64.so.1'),
    ]),
    'no build',
  ],
  [
    'pass',
    'ok- run-times, pip and rake',
    having([
      program('usr/bin/node'),
      program('usr/bin/python3.13'),
      program('usr/bin/java'),
      program('usr/bin/pip3', { executable: 'script' }),
      program('usr/bin/rake', { executable: 'script' }),
    ]),
    'no build',
  ],
  [
    'pass',
    'ok- an applet of busybox',
    having([program('bin/ar', { multicall: 'busybox', type: 'hardlink' })]),
    'no build',
  ],
  ['pass', 'ok- dangling link', having([link('usr/bin/cc', undefined)]), 'no build'],
  [
    'pass',
    'ok- an example script among documents',
    having([program('usr/share/doc/x/examples/make', { executable: 'script' })]),
    'no build',
  ],
  ['unknown', 'packages not read', factsOf({ filesystem: filesystem() }), 'not gathered'],
]);
