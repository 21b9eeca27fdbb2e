import { expect, test } from 'vitest';
import { pinBases, type Registries } from '../../src/build/registries.ts';
import { UserError } from '../../src/lib/errors.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';

const INDEX = Buffer.from(
  JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] }),
);
const DIGEST = digestOf(INDEX);

/** A registry that has `node:22`, none else, and is away for `down`. */
function registries(asked: string[]): Registries {
  const client = (registry: string) => ({
    findManifest: (repository: string, reference: string) => {
      asked.push(`${registry}/${repository}:${reference}`);
      if (registry === 'down.example') return Promise.reject(new UserError('cannot reach it'));
      return Promise.resolve(
        repository === 'library/node' && reference === '22'
          ? {
              descriptor: { mediaType: MEDIA_TYPE.index, digest: DIGEST, size: INDEX.length },
              bytes: INDEX,
            }
          : undefined,
      );
    },
  });
  return { client, reader: client } as unknown as Registries;
}

const BASES = new Map([
  ['build', 'node:22'],
  ['runtime', 'gcr.io/distroless/none'],
  ['down', 'down.example/a:1'],
  ['given', `node:1@sha256:${'a'.repeat(64)}`],
]);

test('a base gets the digest of its index behind its tag; one that is not told keeps its tag, with the reason', async () => {
  const asked: string[] = [];
  expect(await pinBases(registries(asked), BASES, new AbortController().signal)).toEqual([
    { role: 'build', image: `node:22@${DIGEST}`, digest: DIGEST, reason: undefined },
    {
      role: 'runtime',
      image: 'gcr.io/distroless/none',
      digest: undefined,
      reason: 'its registry has no such image',
    },
    { role: 'down', image: 'down.example/a:1', digest: undefined, reason: 'cannot reach it' },
    {
      role: 'given',
      image: `node:1@sha256:${'a'.repeat(64)}`,
      digest: `sha256:${'a'.repeat(64)}`,
      reason: undefined,
    },
  ]);
  expect(asked).toEqual([
    'docker.io/library/node:22',
    'gcr.io/distroless/none:latest',
    'down.example/a:1',
  ]);
});
