import { PACKAGE_LIMIT } from '../../../src/criteria/minimal-bases.ts';
import { minimalBaseImage } from '../../../src/criteria/minimalism/minimal-base.ts';
import { type Facts, known } from '../../../src/model/facts.ts';
import { judgesAs } from '../criterion-table.ts';
import {
  build,
  buildUsing,
  dockerfile,
  factsOf,
  filesystem,
  image,
  packages,
  pkg,
  used,
} from '../facts-builder.ts';

const many = (n: number) => packages(...Array.from({ length: n }, (_, i) => pkg(`p${i}`)));
const of = (given: Partial<Facts>, count = PACKAGE_LIMIT + 1) =>
  factsOf({ filesystem: filesystem(), packages: many(count), ...given });
const from = (...bases: readonly (string | number)[]) =>
  of({ build: build({ dockerfile: known(dockerfile(...bases), 'build') }) });

judgesAs(minimalBaseImage, [
  {
    name: 'scratch',
    facts: from('golang:1.24', 'scratch'),
    outcome: 'pass',
    says: 'scratch',
    source: 'build',
  },
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
    'cgr.dev/chainguard/node:latest-dev',
    'gcr.io/distroless/base:debug',
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
  { name: 'layers not read', facts: factsOf(), outcome: 'unknown', says: 'not gathered' },
]);
