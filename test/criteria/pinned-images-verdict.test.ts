import { pinnedImages } from '../../src/criteria/pinned-images.ts';
import { known } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { build, buildUsing, dockerfile, external, factsOf, PIN, used } from './facts-builder.ts';

const file = (...bases: readonly (string | number)[]) =>
  factsOf({ build: build({ dockerfile: known(dockerfile(...bases), 'dockerfile') }) });

judgesAs(pinnedImages, [
  [
    'pass',
    'digest in the Dockerfile',
    file(`alpine:3@${PIN}`),
    '1 image pinned',
    { source: 'dockerfile' },
  ],
  ['pass', 'stage names need none', file(`alpine@${PIN}`, 0), '1 image'],
  [
    'unknown',
    'another frontend than Docker’s own reads the file',
    factsOf({
      build: build({
        dockerfile: known(
          { ...dockerfile(`alpine@${PIN}`), foreignFrontend: 'evil.example/f:1' },
          'dockerfile',
        ),
      }),
    }),
    'the frontend evil.example/f:1 reads this Dockerfile, and may read it otherwise',
  ],
  ['fail', 'tag alone', file('alpine:3'), 'no digest: alpine:3'],
  ['fail', 'one of two', file(`alpine@${PIN}`, 'debian'), 'debian'],
  [
    'fail',
    'COPY --from, --mount from and the frontend count',
    factsOf({
      build: build({
        dockerfile: known(
          {
            ...dockerfile(`alpine@${PIN}`),
            externalImages: [
              external(`alpine@${PIN}`),
              external('busybox', 'copy-from'),
              external('node', 'mount-from'),
              external('docker/dockerfile:1', 'syntax'),
            ],
          },
          'build',
        ),
      }),
    }),
    'busybox, node, docker/dockerfile:1',
  ],
  [
    'pass',
    'enforced by the build',
    factsOf({ build: buildUsing(used('alpine:3', { pinnedByBuild: true })) }),
    'pinned',
    { source: 'build' },
  ],
  [
    'fail',
    'a build context',
    factsOf({ build: buildUsing(used('docker-image://alpine', { role: 'build-context' })) }),
    'alpine',
  ],
  ['not-applicable', 'ok- scratch', file('scratch'), 'no outside image'],
  ['unknown', 'a variable without value', file('${BASE}'), '${BASE}'],
  ['unknown', 'no Dockerfile', factsOf({ build: build() }), 'no build'],
]);
