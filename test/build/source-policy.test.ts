import { expect, test } from 'vitest';
import { neededImages, pinsOf, sourcePolicy } from '../../src/build/images.ts';
import { digest, dockerfile, external, parsed } from './given.ts';

test('what is resolved and not pinned already is pinned, in the order of names', () => {
  const model = dockerfile([{ base: external('node:22') }, { base: external('alpine') }], {
    extra: [external(`nginx@${digest('c')}`, 'copy-from'), external('unresolved', 'copy-from')],
  });
  const resolved = [
    { name: 'docker.io/library/node:22', digest: digest('a'), created: undefined },
    { name: 'docker.io/library/alpine:latest', digest: digest('b'), created: undefined },
    { name: `docker.io/library/nginx@${digest('c')}`, digest: digest('c'), created: undefined },
    { name: 'docker.io/library/unresolved:latest', digest: undefined, created: undefined },
  ];
  const pins = pinsOf(neededImages(model, parsed('.')), resolved);
  expect(pins).toEqual([
    {
      from: 'docker.io/library/alpine:latest',
      to: `docker.io/library/alpine:latest@${digest('b')}`,
    },
    { from: 'docker.io/library/node:22', to: `docker.io/library/node:22@${digest('a')}` },
  ]);
  expect(sourcePolicy(pins.slice(0, 1))).toEqual({
    version: 1,
    rules: [
      {
        action: 'CONVERT',
        selector: { identifier: 'docker-image://docker.io/library/alpine:latest' },
        updates: {
          identifier: `docker-image://docker.io/library/alpine:latest@${digest('b')}`,
        },
      },
    ],
  });
});
