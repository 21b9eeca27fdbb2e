import {
  minimalBaseImage,
  PACKAGE_LIMIT,
  SYSTEM_PACKAGES,
} from '../../src/criteria/minimal-base.ts';
import { type Facts, known } from '../../src/model/facts.ts';
import { judgesAs, type Row } from './criterion-table.ts';
import {
  build,
  buildUsing,
  dockerfile,
  factsOf,
  filesystem,
  image,
  packages,
  pkg,
  program,
  used,
} from './facts-builder.ts';

const many = (n: number) => packages(...Array.from({ length: n }, (_, i) => pkg(`p${i}`)));
const of = (given: Partial<Facts>, count = PACKAGE_LIMIT + 1) =>
  factsOf({ filesystem: filesystem(), packages: many(count), ...given });
const from = (...bases: readonly (string | number)[]) =>
  of({ build: build({ dockerfile: known(dockerfile(...bases), 'build') }) });
const on = (base: string, count: number, os?: string) =>
  of(
    {
      build: build({ dockerfile: known(dockerfile(base), 'build') }),
      ...(os === undefined ? {} : { filesystem: filesystem([], { osRelease: { id: os } }) }),
    },
    count,
  );

judgesAs(minimalBaseImage, [
  [
    'pass',
    'scratch',
    of({ build: build({ dockerfile: known(dockerfile('golang:1.24', 'scratch'), 'build') }) }, 0),
    'scratch',
    { source: 'build' },
  ],
  ['fail', 'scratch with a large system unpacked on it', from('scratch'), 'more than'],
  [
    'pass',
    'a table base of the system that the image is',
    on('alpine:3.22', SYSTEM_PACKAGES, 'alpine'),
    'alpine:3.22: alpine',
  ],
  [
    'fail',
    'a table base under a whole system',
    on('alpine:3.22', SYSTEM_PACKAGES + 1, 'alpine'),
    'a whole system on alpine:3.22',
  ],
  [
    'fail',
    'a table base that the image does not stand on',
    on('alpine:3.22', PACKAGE_LIMIT + 1, 'fedora'),
    'more than',
    { source: 'image' },
  ],
  [
    'pass',
    'a table base that the image does not stand on, small all the same',
    on('alpine:3.22', 30, 'ubuntu'),
    '30 OS packages',
    { source: 'image' },
  ],
  ...[
    'cgr.dev/chainguard/node:latest-dev',
    'gcr.io/distroless/base:debug',
    'dhi.io/node:22-dev',
  ].map((text): Row => [
    'fail',
    `${text}, a variant that the table excepts`,
    on(text, 30),
    'is not a minimal image',
  ]),
  ...[
    'debian:trixie-slim',
    'docker.io/library/debian:trixie-slim',
    'python:3.13-slim-bookworm',
    'node:22-alpine3.20',
    'docker.io/library/alpine',
    'alpine:3.20',
    'busybox:musl',
    'gcr.io/distroless/static-debian12:nonroot',
    'cgr.dev/chainguard/wolfi-base',
    'cgr.dev/chainguard/node:latest',
    'registry.access.redhat.com/ubi9/ubi-micro:9.4',
    'registry.access.redhat.com/ubi9-minimal',
    'mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled',
    'public.ecr.aws/docker/library/alpine:3.22',
  ].map((text): Row => ['pass', text, from(text), text]),
  ['pass', 'a stage that stands on another stage', from('alpine:3.20', 0, 1), 'alpine:3.20'],
  ...[
    'alpine/git',
    'evil/bloat:alpine',
    'evil/x:slim',
    'ghcr.io/library/alpine',
    'ubuntu:24.04',
    'node:22',
  ].map((text): Row => [
    'fail',
    `${text}, by its packages`,
    from(text),
    `${PACKAGE_LIMIT + 1} OS packages, more than ${PACKAGE_LIMIT}`,
    { source: 'image' as const },
  ]),
  [
    'pass',
    'named by the images of the build',
    of({ build: buildUsing(used('golang:1', { role: 'build-stage' }), used('alpine:3')) }),
    'alpine:3',
  ],
  [
    'pass',
    'named by the annotations',
    of({
      image: image({
        annotations: {
          manifest: { 'org.opencontainers.image.base.name': 'docker.io/library/debian:12-slim' },
        },
      }),
    }),
    'slim',
    { source: 'image' },
  ],
  ['pass', 'not named, at the limit', of({}, PACKAGE_LIMIT), `at most ${PACKAGE_LIMIT}`],
  ['fail', 'not named, above it', of({}), 'more than'],
  ['pass', 'not named, no OS packages', of({}, 0), 'no OS packages'],
  [
    'pass',
    'language packages are no OS packages',
    factsOf({
      filesystem: filesystem(),
      packages: packages(...Array.from({ length: 500 }, (_, i) => pkg(`n${i}`, '1', 'npm'))),
    }),
    'no OS packages',
  ],
  [
    'unknown',
    'a system whose package database was deleted',
    factsOf({
      filesystem: filesystem([], { osRelease: { id: 'debian' }, fileCount: 5000 }),
      packages: packages(),
    }),
    '5000 files of debian',
  ],
  [
    'unknown',
    'a package manager among many files, and no record',
    factsOf({
      filesystem: filesystem([program('sbin/apk')], { fileCount: 500 }),
      packages: packages(),
    }),
    'a package manager, sbin/apk, but no record',
  ],
  [
    'unknown',
    'the programs of a system, and no record',
    factsOf({
      filesystem: filesystem(Array.from({ length: 150 }, (_, i) => program(`usr/bin/p${i}`))),
      packages: packages(),
    }),
    '150 programs',
  ],
  [
    'pass',
    'ok- applets of busybox are no programs of a system',
    factsOf({
      filesystem: filesystem(
        Array.from({ length: 300 }, (_, i) => program(`bin/a${i}`, { multicall: 'busybox' })),
      ),
      packages: packages(),
    }),
    'no OS packages',
  ],
  ['unknown', 'layers not read', factsOf(), 'not gathered'],
]);
