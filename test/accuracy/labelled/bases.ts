import { file, folder, program } from '../../facts/support.ts';
import type { Recipe } from '../made-image.ts';
import {
  dpkgStatus,
  hardenedBut,
  type Labelled,
  osRelease,
  PASSWD,
  PIN,
  plainBut,
  PLAIN,
} from '../starting-points.ts';
import { provenance, sbom, seccomp } from '../statements.ts';

const from = (text: string): Recipe['dockerfile'] => ({ text });
const system = (id: string, packages: number) => [
  osRelease(id),
  PASSWD,
  dpkgStatus(['base-files'], packages),
];
const described = (text: string, base: string): Partial<Recipe> => ({
  dockerfile: from(text),
  layers: [[...system(base, 78), program('app/server')]],
});
/** The SBOM of the hardened image names four packages; here it names what is there. */
const named = (count: number): Pick<Recipe, 'attestations'> => ({
  attestations: (subjects) => [
    provenance(subjects),
    sbom(subjects, ['base-files', ...Array.from({ length: count - 1 }, (_, i) => `libfill${i}`)]),
    seccomp(subjects),
  ],
});
const BUILD_ONLY = {
  'verified-downloads': 'not-applicable',
  'pinned-packages': 'not-applicable',
} as const;
const manyFiles = [
  folder('srv'),
  ...Array.from({ length: 1200 }, (_, i) => file(`srv/f${i}`, 'x')),
];

/** What the final stage stands on, named or not, truly or not. */
export const BASES_LABELLED: readonly Labelled[] = [
  hardenedBut(
    'a static program on scratch',
    {
      layers: [[program('server')]],
      dockerfile: from('FROM scratch\nCOPY server /server\n'),
      attestations: (s) => [
        provenance(s),
        sbom(s, [{ type: 'file', name: '/server' }]),
        seccomp(s),
      ],
    },
    { ...BUILD_ONLY, 'trusted-source': 'not-applicable', 'pinned-images': 'not-applicable' },
  ),
  hardenedBut(
    'a slim base by its full name, platform given',
    {
      ...described(
        `FROM --platform=linux/amd64 docker.io/library/debian:trixie-slim@${PIN}\n`,
        'debian',
      ),
      ...named(78),
    },
    BUILD_ONLY,
  ),
  hardenedBut(
    'slim by ARG, through two stages',
    {
      ...described(`ARG TAG=22-slim\nFROM node:\${TAG}@${PIN} AS run\nFROM run\n`, 'debian'),
      ...named(78),
    },
    BUILD_ONLY,
  ),
  hardenedBut(
    'a base of no name with few packages',
    {
      ...described(`FROM ubuntu:24.04@${PIN}\n`, 'ubuntu'),
      ...named(78),
    },
    BUILD_ONLY,
  ),
  hardenedBut(
    'a base of no name with many packages',
    {
      dockerfile: from(`FROM node:22@${PIN}\n`),
      layers: [[...system('debian', 400), program('app/server')]],
      ...named(400),
    },
    { ...BUILD_ONLY, 'minimal-base': 'fail' },
  ),
  hardenedBut(
    'a slim base under more packages than a whole system has',
    {
      dockerfile: from(`FROM debian:trixie-slim@${PIN}\n`),
      layers: [[...system('debian', 450), program('app/server')]],
      ...named(450),
    },
    { ...BUILD_ONLY, 'minimal-base': 'fail' },
  ),
  hardenedBut(
    'a slim base under a browser',
    {
      dockerfile: from(`FROM node:22-slim@${PIN}\n`),
      layers: [[...system('debian', 265), program('app/server')]],
      ...named(265),
    },
    BUILD_ONLY,
  ),
  hardenedBut(
    'a user’s image that is named like a minimal one',
    {
      dockerfile: from(`FROM alpine/git@${PIN}\n`),
      layers: [[...system('alpine', 150), program('app/server')]],
      ...named(150),
    },
    { ...BUILD_ONLY, 'minimal-base': 'fail', 'trusted-source': 'fail' },
  ),
  hardenedBut(
    'a -dev variant',
    {
      dockerfile: from(`FROM cgr.dev/chainguard/node:latest-dev@${PIN}\n`),
      layers: [[...system('wolfi', 40), program('app/server')]],
      ...named(40),
    },
    { ...BUILD_ONLY, 'minimal-base': 'fail' },
  ),
  hardenedBut(
    'the minimal base stands in a stage that is not built',
    {
      dockerfile: {
        text: `FROM node:22@${PIN} AS full\nFROM alpine@${PIN} AS small\n`,
        target: 'full',
      },
      layers: [[...system('debian', 400), program('app/server')]],
      ...named(400),
    },
    { ...BUILD_ONLY, 'minimal-base': 'fail' },
  ),
  plainBut(
    'a label says alpine, the image is another system',
    {
      layers: [[...system('fedora', 180), program('app/server')]],
      config: {
        Labels: { 'org.opencontainers.image.base.name': 'docker.io/library/alpine:3.22' },
        User: '1000',
      },
    },
    {
      'minimal-base': 'fail',
      'no-shell': 'pass',
      'no-package-manager': 'pass',
      'no-elevated-files': 'pass',
      'nonroot-user': 'pass',
    },
  ),
  plainBut('base annotations name a minimal base', {
    annotations: { 'org.opencontainers.image.base.name': 'docker.io/library/debian:trixie-slim' },
  }),
  plainBut(
    'a system whose package database was deleted',
    {
      layers: [...PLAIN.layers, [file('var/lib/dpkg/.wh.status'), ...manyFiles]],
    },
    { 'minimal-base': 'unknown' },
  ),
  plainBut(
    'a system whose database and os-release were deleted',
    {
      layers: [
        ...PLAIN.layers,
        [file('var/lib/.wh.dpkg'), file('etc/.wh.os-release'), ...manyFiles],
      ],
    },
    { 'minimal-base': 'unknown' },
  ),
  plainBut(
    'an empty image',
    { layers: [[]], config: { Cmd: ['/x'] } },
    {
      'no-shell': 'pass',
      'no-package-manager': 'pass',
      'no-elevated-files': 'pass',
    },
  ),
];
