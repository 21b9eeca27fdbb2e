import { elfWith, file, hardlink, link, program } from '../../facts/support.ts';
import { dpkgRecord, hardenedWith, type Labelled, OS_PACKAGES } from '../starting-points.ts';
import { provenance, sbom, seccomp } from '../statements.ts';

const TOOL = { 'no-build-tooling': 'fail' } as const;
const MANAGER = { 'no-package-manager': 'fail' } as const;
const BOTH = { ...TOOL, ...MANAGER } as const;

const record = (name: string) => file(`var/lib/dpkg/status.d/${name}`, dpkgRecord(name));

const RUN_TIME_PARTS = ['gcc-14-base', 'libgcc-s1', 'linux-libc-dev'];

/** Build and debug tools, package managers, what both builds and fetches, and what is neither. */
export const TOOLING_LABELLED: readonly Labelled[] = [
  hardenedWith(
    'a compiler with version and target',
    [[program('opt/x/x86_64-linux-gnu-gcc-12')]],
    TOOL,
  ),
  hardenedWith(
    'cc as a link through alternatives',
    [
      [
        program('usr/bin/clang-18'),
        link('etc/alternatives/cc', '/usr/bin/clang-18'),
        link('usr/bin/cc', '/etc/alternatives/cc'),
      ],
    ],
    TOOL,
  ),
  hardenedWith(
    'the compiler proper, found outside PATH',
    [[program('usr/libexec/gcc/x86_64-linux-gnu/14/cc1plus')]],
    TOOL,
  ),
  hardenedWith('a debugger', [[program('usr/bin/gdbserver')]], TOOL),
  hardenedWith('a tracer', [[program('usr/local/bin/strace')]], TOOL),
  hardenedWith('a Java compiler', [[program('usr/lib/jvm/jdk-21/bin/javac')]], TOOL),
  hardenedWith(
    'the .NET SDK beside its run-time',
    [
      [
        program('usr/share/dotnet/dotnet'),
        program('usr/share/dotnet/sdk/8.0.100/Roslyn/bincore/apphost'),
      ],
    ],
    TOOL,
  ),
  hardenedWith('headers to build against', [[record('libssl-dev')]], TOOL),
  hardenedWith('a tool chain that a later layer removed', [
    [program('usr/bin/gcc-14'), program('usr/bin/make')],
    [file('usr/bin/.wh.gcc-14'), file('usr/bin/.wh.make')],
  ]),
  hardenedWith(
    'gcc-14-base, libgcc and kernel headers alone',
    [RUN_TIME_PARTS.map(record)],
    {},
    {
      attestations: (s) => [
        provenance(s),
        sbom(s, [...OS_PACKAGES, ...RUN_TIME_PARTS]),
        seccomp(s),
      ],
    },
  ),
  hardenedWith('run-times', [
    [
      ...['perl', 'python3.13', 'ruby3.3', 'java', 'dotnet', 'node'].map((n) =>
        program(`usr/bin/${n}`),
      ),
      link('usr/bin/python3', 'python3.13'),
    ],
  ]),
  hardenedWith('the loader, and libraries of a compiler', [
    [
      program('lib/ld.so'),
      program('lib/ld-musl-x86_64.so.1'),
      program('usr/lib/libgcc_s.so.1'),
      program('usr/lib/libstdc++.so.6'),
    ],
  ]),
  hardenedWith('documents and data by the names of tools', [
    [
      file('usr/share/doc/gcc', 'x'),
      program('usr/share/doc/make/examples/make', '#!/bin/sh\n'),
      program('srv/data/go', 'ready, set'),
      file('usr/share/bash-completion/completions/cargo', 'complete\n'),
    ],
  ]),
  hardenedWith(
    'busybox without a name of a tool has ar for archives',
    [[program('usr/bin/ar', elfWith('BusyBox v1.36.1 multi-call', 40_000))]],
    { 'no-shell': 'fail' },
  ),
  hardenedWith('Go tool chain', [[program('usr/local/go/bin/go')]], BOTH),
  hardenedWith('cargo', [[program('root/.cargo/bin/cargo')]], BOTH),
  hardenedWith(
    'npm as a link to its script',
    [
      [
        program('usr/lib/node_modules/npm/bin/npm-cli.js', '#!/usr/bin/env node\n'),
        link('usr/bin/npm', '../lib/node_modules/npm/bin/npm-cli.js'),
        file('usr/lib/node_modules/npm/package.json', '{"name":"npm","version":"10.9.0"}'),
      ],
    ],
    BOTH,
  ),
  hardenedWith(
    'npm without a program',
    [[file('usr/lib/node_modules/npm/package.json', '{"name":"npm","version":"10.9.0"}')]],
    MANAGER,
  ),
  hardenedWith(
    'pip without a program',
    [[file('usr/lib/python3/dist-packages/pip/__init__.py', '__version__ = "25.0"\n')]],
    MANAGER,
  ),
  hardenedWith(
    'pip by version, in a virtual environment',
    [[program('opt/venv/bin/pip3.13', '#!/opt/venv/bin/python\n')]],
    MANAGER,
  ),
  hardenedWith('apt-get', [[program('usr/bin/apt-get')]], MANAGER),
  hardenedWith('dpkg alone', [[program('usr/bin/dpkg')]], MANAGER),
  hardenedWith(
    'apk by hard link',
    [[program('sbin/apk.static'), hardlink('sbin/apk', 'sbin/apk.static')]],
    MANAGER,
  ),
  hardenedWith(
    'microdnf and rpm',
    [[program('usr/bin/microdnf'), program('usr/bin/rpm')]],
    MANAGER,
  ),
  hardenedWith(
    'composer as an archive',
    [[program('usr/local/bin/composer.phar', '#!/usr/bin/env php\n')]],
    MANAGER,
  ),
  hardenedWith('package managers that a later layer removed', [
    [
      program('usr/bin/apt'),
      program('usr/bin/dpkg'),
      file('usr/lib/python3/dist-packages/pip/__init__.py', 'x = 1\n'),
    ],
    [
      file('usr/bin/.wh.apt'),
      file('usr/bin/.wh.dpkg'),
      file('usr/lib/python3/dist-packages/.wh.pip'),
    ],
  ]),
  hardenedWith('the record of a pip that is gone', [
    [
      file(
        'usr/lib/python3/dist-packages/pip-25.0.dist-info/METADATA',
        'Metadata-Version: 2.1\nName: pip\nVersion: 25.0\n',
      ),
    ],
  ]),
  hardenedWith('databases of package managers, without one', [
    [
      file('var/lib/dpkg/info/libc6.list', '/.\n'),
      file('etc/apt/sources.list', 'deb http://deb.debian.org/debian trixie main\n'),
      file('lib/apk/db/lock', 'x'),
    ],
  ]),
  hardenedWith('modules of an application, none a manager', [
    [
      file('app/node_modules/npmlog/package.json', '{"name":"npmlog","version":"7.0.1"}'),
      file('app/node_modules/pip-services/index.js', 'x'),
    ],
  ]),
];
