import { expect, test } from 'vitest';
import { neededImages } from '../../src/build/images.ts';
import { formatReference } from '../../src/model/reference.ts';
import { digest, dockerfile, parsed } from './given.ts';

function needed(model: ReturnType<typeof dockerfile> | undefined, ...argv: readonly string[]) {
  return neededImages(model, parsed(...argv, '.')).map(
    ({ reference, kind, isBase }) =>
      `${kind}${isBase ? ' (base)' : ''} ${formatReference(reference)}`,
  );
}

test('each once, the base of the target marked', () => {
  const model = dockerfile(`# syntax=docker/dockerfile:1
FROM node:22 AS first
FROM node AS second
FROM second
COPY --from=nginx /a /
COPY --from=first /a /
RUN --mount=from=node:22,target=/n a
`);
  expect(needed(model)).toEqual([
    'syntax docker.io/docker/dockerfile:1',
    'from docker.io/library/node:22',
    'from (base) docker.io/library/node:latest',
    'copy-from docker.io/library/nginx:latest',
  ]);
});

test('--build-context takes the place of a name', () => {
  const model = dockerfile(`FROM node:22 AS a
FROM base
COPY --from=files /a /
COPY --from=tools:1 /a /
COPY --from=a /a /
`);
  const argv = [
    '--build-context=docker.io/library/node:22=docker-image://localhost:5000/node@' + digest('a'),
    '--build-context=base:latest=docker-image://localhost:5000/base',
    '--build-context=files=./files',
    '--build-context=tools=./tools',
  ];
  expect(needed(model, ...argv)).toEqual([
    `build-context localhost:5000/node@${digest('a')}`,
    'build-context (base) localhost:5000/base:latest',
    'copy-from docker.io/library/tools:1',
  ]);
});
