import { expect, test } from 'vitest';
import type { LocalImage } from '../../src/build/docker.ts';
import { neededImages } from '../../src/build/images.ts';
import { type Registries, resolveImages } from '../../src/build/registries.ts';
import { RegistryError } from '../../src/image/registry/http.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import type { LockedImage } from '../../src/model/lock.ts';
import { digestOf } from '../../src/model/reference.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { digest, dockerfile, parsed } from './given.ts';

const NAME = 'r.example/a:1';
const NEEDED = neededImages(dockerfile(`FROM ${NAME}`), parsed('.'));
const HERE: LocalImage = {
  id: digest('5'),
  repoTags: [],
  repoDigests: [],
  created: '2026-01-01T00:00:00Z',
  architecture: 'amd64',
  layers: [digest('6')],
};
const INDEX = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: [
      {
        mediaType: MEDIA_TYPE.manifest,
        digest: digest('7'),
        size: 10,
        platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
      },
      {
        mediaType: MEDIA_TYPE.manifest,
        digest: digest('8'),
        size: 10,
        platform: { os: 'unknown', architecture: 'unknown' },
      },
    ],
  }),
);

type Answer = 'index' | 'none' | 'refused' | 'down';

/**
 * Resolves the one image against a registry that answers so. Gives what was found and what the
 * registry was asked for.
 */
async function resolve(
  answer: Answer,
  more: {
    readonly locked?: ReadonlyMap<string, LockedImage>;
    readonly here?: LocalImage;
    readonly strict?: boolean;
  } = {},
) {
  const asked: string[] = [];
  const events: PipelineEvent[] = [];
  const client = {
    findManifest: (_: string, reference: string) => {
      asked.push(reference);
      switch (answer) {
        case 'none':
          return Promise.resolve(undefined);
        case 'refused':
          return Promise.reject(
            new UserError('asked', { cause: new RegistryError(401, 'UNAUTHORIZED', '') }),
          );
        case 'down':
          return Promise.reject(new UserError('cannot reach r.example (ECONNREFUSED)'));
        case 'index':
          return Promise.resolve({
            descriptor: {
              mediaType: MEDIA_TYPE.index,
              digest: digestOf(INDEX),
              size: INDEX.length,
            },
            bytes: INDEX,
          });
      }
    },
  };
  const context = contextOf(() => Promise.reject(new Error('no tool')), '/nowhere', {
    emit: (event) => events.push(event),
  });
  const found = await resolveImages(
    {
      context,
      registries: { client: () => client, reader: () => client } as unknown as Registries,
      platform: { os: 'linux', architecture: 'amd64' },
      lock: {
        path: '/app/scoville.lock',
        images: more.locked ?? new Map<string, LockedImage>(),
        strict: more.strict ?? false,
      },
    },
    NEEDED,
    [more.here],
  );
  return { found, asked, notices: events.flatMap((e) => (e.kind === 'notice' ? [e.text] : [])) };
}

const LOCKED = new Map([[NAME, { digest: digest('1'), local: false, platforms: new Map() }]]);
const LOCKED_LOCAL = new Map([[NAME, { digest: digest('1'), local: true, platforms: new Map() }]]);

test('a locked image is asked for by its digest, though the engine has the tag', async () => {
  const { found, asked } = await resolve('index', { locked: LOCKED, here: HERE });
  expect(asked).toEqual([digest('1')]);
  expect(found).toMatchObject([{ name: NAME, digest: digest('1'), local: false }]);
});

test('a registry that does not answer leaves the digest as the lock has it, and that is said', async () => {
  const { found, notices } = await resolve('down', { locked: LOCKED });
  expect(found).toMatchObject([{ digest: digest('1'), created: undefined }]);
  expect(notices).toEqual([
    `${NAME} was not looked up, its digest is the lock's: cannot reach r.example (ECONNREFUSED)`,
  ]);
});

test('one locked as the engine’s own is taken from there, whatever its digest now', async () => {
  const { found, asked } = await resolve('index', { locked: LOCKED_LOCAL, here: HERE });
  expect(asked).toEqual([]);
  expect(found).toMatchObject([{ digest: digest('5'), local: true }]);
});

test.each(['none', 'refused'] as const)(
  'and from the engine where the registry says %s',
  async (answer) => {
    const { found } = await resolve(answer, { here: HERE, strict: true });
    expect(found).toMatchObject([{ digest: digest('5'), local: true }]);
  },
);

test('an update does not take the engine’s where the registry could not be asked', async () => {
  await expect(resolve('down', { here: HERE, strict: true })).rejects.toThrow(
    `${NAME} cannot be resolved: cannot reach`,
  );
  await expect(resolve('none', { strict: true })).rejects.toThrow(
    `neither r.example nor the engine has ${NAME}`,
  );
});

test('a build goes on, and BuildKit says what is wrong', async () => {
  const { found, notices } = await resolve('down');
  expect([found, notices.length]).toEqual([[], 1]);
});
