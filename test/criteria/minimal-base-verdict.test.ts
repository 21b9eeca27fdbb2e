import {
  minimalBaseImage,
  PACKAGE_LIMIT,
  SYSTEM_PACKAGES,
} from '../../src/criteria/minimal-base.ts';
import { type Facts, known } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
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
  {
    name: 'scratch',
    facts: of(
      { build: build({ dockerfile: known(dockerfile('golang:1.24', 'scratch'), 'build') }) },
      0,
    ),
    outcome: 'pass',
    says: 'scratch',
    source: 'build',
  },
  {
    name: 'scratch with a large system unpacked on it',
    facts: from('scratch'),
    outcome: 'fail',
    says: 'more than',
  },
  {
    name: 'a table base of the system that the image is',
    facts: on('alpine:3.22', SYSTEM_PACKAGES, 'alpine'),
    outcome: 'pass',
    says: 'alpine:3.22: alpine',
  },
  {
    name: 'a table base under a whole system',
    facts: on('alpine:3.22', SYSTEM_PACKAGES + 1, 'alpine'),
    outcome: 'fail',
    says: 'a whole system on alpine:3.22',
  },
  {
    name: 'a table base that the image does not stand on',
    facts: on('alpine:3.22', PACKAGE_LIMIT + 1, 'fedora'),
    outcome: 'fail',
    says: 'more than',
    source: 'image',
  },
  {
    name: 'a table base that the image does not stand on, small all the same',
    facts: on('alpine:3.22', 30, 'ubuntu'),
    outcome: 'pass',
    says: '30 OS packages',
    source: 'image',
  },
  ...[
    'cgr.dev/chainguard/node:latest-dev',
    'gcr.io/distroless/base:debug',
    'dhi.io/node:22-dev',
  ].map((text) => ({
    name: `${text}, a variant that the table excepts`,
    facts: on(text, 30),
    outcome: 'fail' as const,
    says: 'is not a minimal image',
  })),
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
  ].map((text) => ({ name: text, facts: from(text), outcome: 'pass' as const, says: text })),
  {
    name: 'a stage that stands on another stage',
    facts: from('alpine:3.20', 0, 1),
    outcome: 'pass',
    says: 'alpine:3.20',
  },
  ...[
    'alpine/git',
    'evil/bloat:alpine',
    'evil/x:slim',
    'ghcr.io/library/alpine',
    'ubuntu:24.04',
    'node:22',
  ].map((text) => ({
    name: `${text}, by its packages`,
    facts: from(text),
    outcome: 'fail' as const,
    says: `${PACKAGE_LIMIT + 1} OS packages, more than ${PACKAGE_LIMIT}`,
    source: 'image' as const,
  })),
  {
    name: 'named by the images of the build',
    facts: of({ build: buildUsing(used('golang:1', { role: 'build-stage' }), used('alpine:3')) }),
    outcome: 'pass',
    says: 'alpine:3',
  },
  {
    name: 'named by the annotations',
    facts: of({
      image: image({
        annotations: {
          manifest: { 'org.opencontainers.image.base.name': 'docker.io/library/debian:12-slim' },
        },
      }),
    }),
    outcome: 'pass',
    says: 'slim',
    source: 'image',
  },
  {
    name: 'not named, at the limit',
    facts: of({}, PACKAGE_LIMIT),
    outcome: 'pass',
    says: `at most ${PACKAGE_LIMIT}`,
  },
  { name: 'not named, above it', facts: of({}), outcome: 'fail', says: 'more than' },
  { name: 'not named, no OS packages', facts: of({}, 0), outcome: 'pass', says: 'no OS packages' },
  {
    name: 'language packages are no OS packages',
    facts: factsOf({
      filesystem: filesystem(),
      packages: packages(...Array.from({ length: 500 }, (_, i) => pkg(`n${i}`, '1', 'npm'))),
    }),
    outcome: 'pass',
    says: 'no OS packages',
  },
  {
    name: 'a system whose package database was deleted',
    facts: factsOf({
      filesystem: filesystem([], { osRelease: { id: 'debian' }, fileCount: 5000 }),
      packages: packages(),
    }),
    outcome: 'unknown',
    says: '5000 files of debian',
  },
  {
    name: 'a package manager among many files, and no record',
    facts: factsOf({
      filesystem: filesystem([program('sbin/apk')], { fileCount: 500 }),
      packages: packages(),
    }),
    outcome: 'unknown',
    says: 'a package manager, sbin/apk, but no record',
  },
  {
    name: 'the programs of a system, and no record',
    facts: factsOf({
      filesystem: filesystem(Array.from({ length: 150 }, (_, i) => program(`usr/bin/p${i}`))),
      packages: packages(),
    }),
    outcome: 'unknown',
    says: '150 programs',
  },
  {
    name: 'ok- applets of busybox are no programs of a system',
    facts: factsOf({
      filesystem: filesystem(
        Array.from({ length: 300 }, (_, i) => program(`bin/a${i}`, { multicall: 'busybox' })),
      ),
      packages: packages(),
    }),
    outcome: 'pass',
    says: 'no OS packages',
  },
  { name: 'layers not read', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
