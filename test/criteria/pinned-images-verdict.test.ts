import { pinnedImages } from '../../src/criteria/pinned-images.ts';
import { known } from '../../src/model/facts.ts';
import { judgesAs } from './criterion-table.ts';
import { build, buildUsing, dockerfile, external, factsOf, PIN, used } from './facts-builder.ts';

const file = (...bases: readonly (string | number)[]) =>
  factsOf({ build: build({ dockerfile: known(dockerfile(...bases), 'dockerfile') }) });

judgesAs(pinnedImages, [
  {
    name: 'digest in the Dockerfile',
    facts: file(`alpine:3@${PIN}`),
    outcome: 'pass',
    says: '1 image pinned',
    source: 'dockerfile',
  },
  {
    name: 'stage names need none',
    facts: file(`alpine@${PIN}`, 0),
    outcome: 'pass',
    says: '1 image',
  },
  {
    name: 'another frontend than Docker’s own reads the file',
    facts: factsOf({
      build: build({
        dockerfile: known(
          { ...dockerfile(`alpine@${PIN}`), foreignFrontend: 'evil.example/f:1' },
          'dockerfile',
        ),
      }),
    }),
    outcome: 'unknown',
    says: 'the frontend evil.example/f:1 reads this Dockerfile, and may read it otherwise',
  },
  { name: 'tag alone', facts: file('alpine:3'), outcome: 'fail', says: 'no digest: alpine:3' },
  { name: 'one of two', facts: file(`alpine@${PIN}`, 'debian'), outcome: 'fail', says: 'debian' },
  {
    name: 'COPY --from, --mount from and the frontend count',
    facts: factsOf({
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
    outcome: 'fail',
    says: 'busybox, node, docker/dockerfile:1',
  },
  {
    name: 'enforced by the build',
    facts: factsOf({ build: buildUsing(used('alpine:3', { pinnedByBuild: true })) }),
    outcome: 'pass',
    says: 'pinned',
    source: 'build',
  },
  {
    name: 'a build context',
    facts: factsOf({ build: buildUsing(used('docker-image://alpine', { role: 'build-context' })) }),
    outcome: 'fail',
    says: 'alpine',
  },
  {
    name: 'ok- scratch',
    facts: file('scratch'),
    outcome: 'not-applicable',
    says: 'no outside image',
  },
  { name: 'a variable without value', facts: file('${BASE}'), outcome: 'unknown', says: '${BASE}' },
  {
    name: 'no Dockerfile',
    facts: factsOf({ build: build() }),
    outcome: 'unknown',
    says: 'no build',
  },
]);
