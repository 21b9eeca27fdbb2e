import { expect, test } from 'vitest';
import { neededImages } from '../../src/build/images.ts';
import { formatReference } from '../../src/model/reference.ts';
import { digest, dockerfile, external, parsed } from './given.ts';

function needed(model: ReturnType<typeof dockerfile> | undefined, ...argv: readonly string[]) {
  return neededImages(model, parsed(...argv, '.')).map(
    ({ reference, kind, isBase }) =>
      `${kind}${isBase ? ' (base)' : ''} ${formatReference(reference)}`,
  );
}

test('each once, the base of the target marked', () => {
  const model = dockerfile(
    [{ base: external('node:22') }, { base: external('node') }, { base: 1 }],
    {
      extra: [
        external('nginx', 'copy-from'),
        external('node:22', 'mount-from'),
        external('docker/dockerfile:1', 'syntax'),
        external('${UNKNOWN}'),
      ],
    },
  );
  expect(needed(model)).toEqual([
    'from docker.io/library/node:22',
    'from (base) docker.io/library/node:latest',
    'copy-from docker.io/library/nginx:latest',
    'syntax docker.io/docker/dockerfile:1',
  ]);
});

test('--build-context takes the place of a name', () => {
  const model = dockerfile([{ base: external('node:22') }, { base: external('base') }], {
    extra: [external('files', 'copy-from'), external('tools:1', 'copy-from')],
  });
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

test('a circle of stages has no base', () => {
  expect(needed(dockerfile([{ base: 1 }, { base: 0 }]))).toEqual([]);
});
