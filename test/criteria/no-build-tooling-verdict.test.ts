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
  { name: 'nothing', facts: having([]), outcome: 'pass', says: 'no build or debug tooling' },
  { name: 'gcc with its version', facts: file('usr/bin/gcc-12'), outcome: 'fail', says: 'gcc-12' },
  {
    name: 'a cross compiler',
    facts: file('usr/bin/x86_64-linux-gnu-gcc-12'),
    outcome: 'fail',
    says: 'gcc-12',
  },
  { name: 'clang', facts: file('usr/lib/llvm-19/bin/clang'), outcome: 'fail', says: 'clang' },
  { name: 'Go out of $PATH', facts: file('usr/local/go/bin/go'), outcome: 'fail', says: 'go' },
  { name: 'rustc', facts: file('root/.cargo/bin/rustc'), outcome: 'fail', says: 'rustc' },
  { name: 'Maven by its command', facts: file('opt/maven/bin/mvn'), outcome: 'fail', says: 'mvn' },
  {
    name: 'the compiler proper',
    facts: file('usr/libexec/gcc/x86_64-linux-gnu/12/cc1'),
    outcome: 'fail',
    says: 'cc1',
  },
  { name: 'assembler', facts: file('usr/bin/as'), outcome: 'fail', says: 'as' },
  { name: 'gold linker', facts: file('usr/bin/ld.gold'), outcome: 'fail', says: 'ld.gold' },
  { name: 'debugger', facts: file('usr/bin/gdb'), outcome: 'fail', says: 'gdb' },
  { name: 'tracer', facts: file('usr/bin/strace'), outcome: 'fail', says: 'strace' },
  { name: 'make', facts: file('usr/bin/make'), outcome: 'fail', says: 'make' },
  {
    name: 'npm, which builds and fetches',
    facts: having([
      link('usr/local/bin/npm', 'usr/local/lib/node_modules/npm/bin/npm-cli.js'),
      program('usr/local/lib/node_modules/npm/bin/npm-cli.js', { executable: 'script' }),
    ]),
    outcome: 'fail',
    says: 'npm',
  },
  {
    name: 'a link by another name shows its target',
    facts: having([link('usr/bin/build', 'opt/x/javac'), program('opt/x/javac')]),
    outcome: 'fail',
    says: 'javac',
  },
  {
    name: '.NET SDK',
    facts: file('usr/share/dotnet/sdk/8.0.100/apphost'),
    outcome: 'fail',
    says: 'apphost',
  },
  {
    name: 'build-essential',
    facts: named('build-essential'),
    outcome: 'fail',
    says: 'build-essential',
  },
  { name: 'headers', facts: named('libssl-dev'), outcome: 'fail', says: 'libssl-dev' },
  {
    name: 'headers on rpm',
    facts: named('openssl-devel', 'rpm'),
    outcome: 'fail',
    says: 'openssl-devel',
  },
  { name: 'musl-dev', facts: named('musl-dev', 'apk'), outcome: 'fail', says: 'musl-dev' },
  { name: 'build-base', facts: named('build-base', 'apk'), outcome: 'fail', says: 'build-base' },
  { name: 'versioned compiler package', facts: named('g++-14'), outcome: 'fail', says: 'g++-14' },
  {
    name: 'targeted compiler package',
    facts: named('gcc-14-x86-64-linux-gnu'),
    outcome: 'fail',
    says: 'gcc-14',
  },
  { name: 'Go package', facts: named('golang-1.24-go'), outcome: 'fail', says: 'golang' },
  { name: 'JDK package', facts: named('openjdk-21-jdk-headless'), outcome: 'fail', says: 'jdk' },
  {
    name: 'ok- parts of a tool chain without a tool',
    facts: having(
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
    outcome: 'pass',
    says: 'no build',
  },
  {
    name: 'ok- packages that only look like headers or tools',
    facts: having(
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
    outcome: 'pass',
    says: 'no build',
  },
  {
    name: 'ok- a language package by such a name',
    facts: named('make', 'npm'),
    outcome: 'pass',
    says: 'no build',
  },
  {
    name: 'ok- the run-time loader',
    facts: having([
      program('usr/lib64/ld-linux-x86-64.so.2'),
      link('usr/bin/ld.so', 'usr/lib64/ld-linux-x86-64.so.2'),
      program('lib/ld-musl-x86_64.so.1'),
    ]),
    outcome: 'pass',
    says: 'no build',
  },
  {
    name: 'ok- run-times, pip and rake',
    facts: having([
      program('usr/bin/node'),
      program('usr/bin/python3.13'),
      program('usr/bin/java'),
      program('usr/bin/pip3', { executable: 'script' }),
      program('usr/bin/rake', { executable: 'script' }),
    ]),
    outcome: 'pass',
    says: 'no build',
  },
  {
    name: 'ok- an applet of busybox',
    facts: having([program('bin/ar', { multicall: 'busybox', type: 'hardlink' })]),
    outcome: 'pass',
    says: 'no build',
  },
  {
    name: 'ok- dangling link',
    facts: having([link('usr/bin/cc', undefined)]),
    outcome: 'pass',
    says: 'no build',
  },
  {
    name: 'ok- an example script among documents',
    facts: having([program('usr/share/doc/x/examples/make', { executable: 'script' })]),
    outcome: 'pass',
    says: 'no build',
  },
  {
    name: 'packages not read',
    facts: factsOf({ filesystem: filesystem() }),
    outcome: 'unknown',
    says: 'not gathered',
  },
]);
