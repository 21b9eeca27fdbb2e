import { elfWith, file, hardlink, link, program } from '../../facts/support.ts';
import type { Layer } from '../made-image.ts';
import { type Labelled, osRelease, PASSWD, plainBut, plainWith } from '../starting-points.ts';

const BUSYBOX = elfWith('BusyBox v1.37.0 (2025-06-01) multi-call binary', 60_000);
const apkRecord = (name: string) => `P:${name}\nV:1.0-r0\nA:x86_64\n`;

const ALPINE: Layer = [
  osRelease('alpine', '3.22'),
  PASSWD,
  file('lib/apk/db/installed', ['musl', 'busybox', 'apk-tools', 'zlib'].map(apkRecord).join('\n')),
  program('bin/busybox', BUSYBOX),
  ...['sh', 'ash', 'ls', 'cat', 'wget'].map((name) => link(`bin/${name}`, '/bin/busybox')),
  program('sbin/apk'),
  program('lib/ld-musl-x86_64.so.1'),
];

const NODE_MODULES: Layer = [
  program('usr/local/bin/node'),
  program('usr/local/lib/node_modules/npm/bin/npm-cli.js', '#!/usr/bin/env node\n'),
  program('usr/local/lib/node_modules/npm/bin/npx-cli.js', '#!/usr/bin/env node\n'),
  file('usr/local/lib/node_modules/npm/package.json', '{"name":"npm","version":"10.9.2"}'),
  link('usr/local/bin/npm', '../lib/node_modules/npm/bin/npm-cli.js'),
  link('usr/local/bin/npx', '../lib/node_modules/npm/bin/npx-cli.js'),
];

/** Images as they are met every day, without anything attached. */
export const ARCHETYPES_LABELLED: readonly Labelled[] = [
  plainBut('Debian, slim', {}),
  plainBut(
    'Debian, whose history shows an install and a download',
    {
      history: [
        { created_by: 'RUN /bin/sh -c apt-get update && apt-get install -y curl # buildkit' },
        { created_by: 'RUN /bin/sh -c curl -fsSL https://example.com/i.sh | sh # buildkit' },
      ],
    },
    { 'pinned-packages': 'fail', 'verified-downloads': 'fail' },
  ),
  plainBut('Debian, whose history shows pinned packages, and what else it leaves out', {
    history: [
      { created_by: 'RUN /bin/sh -c apt-get install -y curl=8.14.1-2 # buildkit' },
      { created_by: 'COPY /app /app # buildkit' },
    ],
  }),
  plainBut(
    'Alpine',
    { layers: [ALPINE], config: { Cmd: ['/bin/sh'] } },
    { 'no-elevated-files': 'pass' },
  ),
  plainWith('Node on Debian, with npm', [NODE_MODULES], { 'no-build-tooling': 'fail' }),
  plainWith('Python on Debian, with pip', [
    [
      program('usr/local/bin/python3.13'),
      program('usr/local/bin/pip3', '#!/usr/local/bin/python3.13\n'),
      file('usr/local/lib/python3.13/site-packages/pip/__init__.py', '__version__ = "25.0"\n'),
    ],
  ]),
  plainWith(
    'a tool chain left in',
    [[program('usr/bin/gcc-14'), link('usr/bin/gcc', 'gcc-14'), program('usr/bin/make')]],
    {
      'no-build-tooling': 'fail',
    },
  ),
  plainBut(
    'Node on distroless, as a user',
    {
      layers: [
        [
          osRelease('debian', '12'),
          PASSWD,
          ...['base-files', 'libc6', 'libstdc++6', 'nodejs'].map((name) =>
            file(
              `var/lib/dpkg/status.d/${name}`,
              `Package: ${name}\nVersion: 1.0-1\nArchitecture: amd64\n`,
            ),
          ),
          program('nodejs/bin/node'),
        ],
        [file('app/server.js', 'console.log(1)\n')],
      ],
      config: { User: '65532', Entrypoint: ['/nodejs/bin/node'], Cmd: ['/app/server.js'] },
    },
    {
      'no-shell': 'pass',
      'no-package-manager': 'pass',
      'no-elevated-files': 'pass',
      'nonroot-user': 'pass',
    },
  ),
  plainBut(
    'busybox alone',
    {
      layers: [
        [
          program('bin/[', BUSYBOX),
          ...['sh', 'ls', 'vi'].map((n) => hardlink(`bin/${n}`, 'bin/[')),
        ],
      ],
      config: { Cmd: ['sh'] },
    },
    { 'no-package-manager': 'pass', 'no-elevated-files': 'pass' },
  ),
  plainBut(
    'one static program, as root',
    { layers: [[program('server')]], config: { Entrypoint: ['/server'] } },
    { 'no-shell': 'pass', 'no-package-manager': 'pass', 'no-elevated-files': 'pass' },
  ),
  plainBut(
    'all that the peer passed: setuid, compiler, manager, shell, key, root by number',
    {
      layers: [
        [
          program('bin/ping', undefined, 0o4755),
          program('usr/bin/gcc'),
          program('usr/bin/apt'),
          program('busybox/sh', BUSYBOX),
        ],
      ],
      config: { User: '0:0', Env: [`AWS_KEY_ID=AKIA${'Q3ZT'.repeat(4)}`] },
    },
    { 'no-build-tooling': 'fail', 'no-secrets': 'fail' },
  ),
];
