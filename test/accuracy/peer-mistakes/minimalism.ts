import { elfWith, program } from '../../facts/support.ts';
import type { Recipe } from '../made-image.ts';
import { dpkgStatus, HARDENED, osRelease, PLAIN } from '../starting-points.ts';
import { dockerfile, FF, FP, holding, of, type PeerMistake, type Row } from './mistake.ts';

const system = (id: string, count: number, text: string): Partial<Recipe> => ({
  ...dockerfile(text),
  layers: [[osRelease(id), dpkgStatus([], count), program('app/server')]],
});
const BUSYBOX = elfWith('BusyBox v1.37.0 multi-call binary', 40_000);

/** Its checks of what an image holds. */
export const MINIMALISM: readonly PeerMistake[] = [
  ...of('minimal_base', 'minimal-base', HARDENED, [
    [
      FF,
      'debian:trixie-slim',
      system('debian', 130, 'FROM debian:trixie-slim\n'),
      'pass',
      /slim variants/,
    ],
    [FF, 'distroless', dockerfile('FROM gcr.io/distroless/base-debian12\n'), 'pass', /distroless/],
    [
      FF,
      'alpine by its full name',
      system('alpine', 130, 'FROM docker.io/library/alpine\n'),
      'pass',
      /: alpine/,
    ],
    [
      FF,
      'alpine behind --platform',
      system('alpine', 130, 'FROM --platform=linux/amd64 alpine\n'),
      'pass',
      /: alpine/,
    ],
    [
      FP,
      'alpine/git',
      system('alpine', 150, 'FROM alpine/git\n'),
      'fail',
      /150 OS packages, more than 120/,
    ],
    [
      FP,
      'a -dev variant of Chainguard',
      system('wolfi', 50, 'FROM cgr.dev/chainguard/go:latest-dev\n'),
      'fail',
      /is not a minimal image/,
    ],
    [
      FP,
      'any bloat on alpine',
      system('alpine', 450, 'FROM alpine:3.22\n'),
      'fail',
      /450 OS packages, a whole system/,
    ],
    [
      FF,
      'one program of more than 40 MB',
      { layers: [[program('app', new Uint8Array(41_000_000))]], dockerfile: undefined },
      'pass',
      /no OS packages/,
    ],
    [
      FP,
      'many packages in a few kilobytes',
      system('debian', 300, 'FROM debian:trixie\n'),
      'fail',
      /300 OS packages/,
    ],
    [FF, 'an image for another architecture', { architecture: 'arm64' }, 'pass', /distroless/],
  ]),
  ...of('build_tooling', 'no-build-tooling', HARDENED, [
    [FP, 'no `which` in the image', holding(program('usr/bin/gcc')), 'fail', /usr\/bin\/gcc/],
    [
      FP,
      'programs that do not run here',
      { ...holding(program('usr/bin/make')), architecture: 's390x' },
      'fail',
      /usr\/bin\/make/,
    ],
    [
      FP,
      'a `which` that says no',
      holding(program('usr/bin/which', '#!/bin/false\n'), program('usr/bin/gdb')),
      'fail',
      /gdb/,
    ],
    ...['mvn', 'clang', 'go', 'rustc', 'gcc-12'].map((name): Row => [
      FP,
      name,
      holding(program(`usr/local/bin/${name}`)),
      'fail',
      new RegExp(name),
    ]),
    [
      FF,
      'pip counts as a package manager, once',
      holding(program('usr/bin/pip3', '#!/usr/bin/python3\n')),
      'pass',
      /no build or debug tooling/,
    ],
    [
      FF,
      'perl is a run-time',
      holding(program('usr/bin/perl')),
      'pass',
      /no build or debug tooling/,
    ],
  ]),
  ...of('package_manager', 'no-package-manager', HARDENED, [
    [FP, 'no `which` in the image', holding(program('usr/bin/apt')), 'fail', /usr\/bin\/apt/],
    ...['microdnf', 'zypper', 'pacman', 'dpkg', 'rpm'].map((name): Row => [
      FP,
      name,
      holding(program(`usr/bin/${name}`)),
      'fail',
      new RegExp(name),
    ]),
  ]),
  ...of('shell', 'no-shell', HARDENED, [
    [FP, 'Debian without CMD', { layers: PLAIN.layers, config: {} }, 'fail', /usr\/bin\/bash/],
    ...['usr/bin/dash', 'bin/ksh', 'opt/microsoft/powershell/7/pwsh'].map((path): Row => [
      FP,
      path,
      holding(program(path)),
      'fail',
      new RegExp(path),
    ]),
    [FP, 'busybox/sh', holding(program('busybox/sh', BUSYBOX)), 'fail', /busybox\/sh/],
  ]),
];
