import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { lockText } from '../../src/build/plan-lock.ts';
import { BlobStore } from '../../src/image/blob-store.ts';
import { UserError } from '../../src/lib/errors.ts';
import type { Fetch, Fetches } from '../../src/model/build-analysis.ts';
import type { Descriptor, OpenedImage } from '../../src/model/image.ts';
import type { LockFile } from '../../src/model/lock.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import { openFetchStore } from '../../src/reproduce/fetch-store.ts';
import {
  fetchInputs,
  INPUTS_ARTIFACT,
  LOCK_MEDIA_TYPE,
  publishedReferrers,
  writeInputs,
} from '../../src/reproduce/inputs.ts';

const folder = mkdtempSync(join(tmpdir(), 'scoville-inputs-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const IMAGE: Descriptor = { mediaType: MANIFEST, digest: digestOf('image'), size: 5 };
const LOCK: LockFile = {
  images: new Map(),
  builder: {},
  normaliser: '6-safe',
  snapshots: [],
  remotes: new Map(),
  packages: new Map(),
};
const BODIES = ['one', 'two', ''];
const fetchOf = (body: string, at: number): Fetch => ({
  address: `http://example.com/${at}`,
  digest: digestOf(body),
  size: body.length,
});
const FETCHES: Fetches = new Map([['stage-0', [...BODIES, 'one'].map(fetchOf)]]);

const INCOMPLETE = new Map([['stage-0', ['Dockerfile:2 sent 1 TCP connection past the proxy']]]);
const RECORDING = { fetches: FETCHES, incomplete: INCOMPLETE };

let trial = 0;
let blobs: BlobStore;
let target = '';
/** What the registry answers with, in place of what was pushed. */
let answers: Map<Digest, AsyncIterable<Uint8Array> | Uint8Array | undefined>;

beforeEach(async () => {
  trial += 1;
  blobs = new BlobStore(join(folder, `blobs-${trial}`));
  await blobs.prepare();
  target = join(folder, `target-${trial}`);
  answers = new Map();
});

async function written(): Promise<Descriptor> {
  const store = await openFetchStore(folder, '/p/scoville.lock');
  for (const body of BODIES) await store.write(Buffer.from(body));
  const request = { cache: folder, lockPath: '/p/scoville.lock', lock: LOCK, recording: RECORDING };
  return writeInputs(blobs, { ...request, subject: IMAGE });
}

/** The artifact as somebody else writes it. */
async function crafted(change: {
  readonly lock?: string;
  readonly lockType?: string;
  readonly layers?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
}): Promise<Descriptor> {
  const given = change.lock ?? (await lockText({ ...LOCK, fetches: FETCHES }));
  const lock = Buffer.from(given);
  const layers = change.layers ?? [bodyOf('one'), bodyOf('two')];
  const artifactType = change.artifactType ?? INPUTS_ARTIFACT;
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      artifactType,
      config: { mediaType: artifactType, digest: digestOf('{}'), size: 2 },
      layers: [
        {
          mediaType: change.lockType ?? LOCK_MEDIA_TYPE,
          digest: digestOf(lock),
          size: lock.length,
        },
        ...layers,
      ],
      subject: change.subject ?? IMAGE,
    }),
  );
  for (const one of [lock, bytes, Buffer.from('one'), Buffer.from('two')]) await blobs.write(one);
  return { mediaType: MANIFEST, digest: digestOf(bytes), size: bytes.length };
}

function bodyOf(text: string, size = text.length): Descriptor {
  return { mediaType: 'application/octet-stream', digest: digestOf(text), size };
}

function image(): Parameters<typeof fetchInputs>[0] {
  const read: OpenedImage['readBlob'] = (descriptor) => blobs.readDocument(descriptor);
  return {
    root: IMAGE,
    platforms: [{ descriptor: IMAGE } as OpenedImage['platforms'][0]],
    readBlob: read,
    openLayer: async ({ digest }) => {
      if (answers.has(digest)) {
        const answer = answers.get(digest);
        if (answer === undefined) throw new UserError(`the registry does not have ${digest}`);
        return answer instanceof Uint8Array ? once(answer) : answer;
      }
      return once(await blobs.read(digest));
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}

const fetched = (named: Descriptor): ReturnType<typeof fetchInputs> =>
  fetchInputs(image(), named, target, new AbortController().signal);

async function refusal(named: Descriptor): Promise<string> {
  const error: unknown = await fetched(named).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(readdirSync(folder).includes(`target-${trial}`) ? readdirSync(target) : []).toEqual([]);
  return (error as UserError).message;
}

describe('the inputs of a build, as an artifact', () => {
  test('come back as they were, each body once, one without bytes too', async () => {
    const named = await written();
    const manifest = JSON.parse(Buffer.from(await blobs.readDocument(named)).toString()) as {
      layers: Descriptor[];
    };
    expect(manifest.layers.map(({ size }) => size).slice(1)).toEqual([3, 3]);
    const { lock, store } = await fetched(named);
    expect(lock.fetches).toEqual(FETCHES);
    expect(lock.incomplete).toEqual(INCOMPLETE);
    for (const body of BODIES) {
      const parts: Uint8Array[] = [];
      for await (const chunk of store.openRead(digestOf(body))) parts.push(chunk);
      expect(Buffer.concat(parts).toString()).toBe(body);
    }
  });

  test('go into a registry only where that was asked for', async () => {
    const named = await written();
    const signature = { ...IMAGE, artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' };
    expect(publishedReferrers([signature, named], false)).toEqual([signature]);
    expect(publishedReferrers([signature, named], true)).toEqual([signature, named]);
    expect(() => publishedReferrers([signature], true)).toThrow('no recorded inputs');
  });

  test('are never taken from what other builds have left in the layout', async () => {
    await blobs.write(Buffer.from('private to another project'));
    const fetches = new Map([['stage-0', [fetchOf('private to another project', 1)]]]);
    const recording = { fetches, incomplete: new Map<string, string[]>() };
    const request = { cache: folder, lockPath: '/p/scoville.lock', lock: LOCK, recording };
    await expect(writeInputs(blobs, { ...request, subject: IMAGE })).rejects.toThrow(
      'cannot be kept',
    );
  });

  test('cannot be kept where bytes are gone', async () => {
    const fetches = new Map([['stage-0', [fetchOf('never fetched', 1)]]]);
    const recording = { fetches, incomplete: new Map<string, string[]>() };
    const request = { cache: folder, lockPath: '/p/scoville.lock', lock: LOCK, recording };
    await expect(writeInputs(blobs, { ...request, subject: IMAGE })).rejects.toThrow(
      'cannot be kept',
    );
  });

  test.each([
    ['other bytes', Buffer.from('eno'), 'has other content'],
    ['fewer bytes', Buffer.from('on'), 'has other content'],
    ['a registry that lacks them', undefined, 'does not have sha256'],
  ])('%s: refused, and nothing is left', async (_, answer, why) => {
    const named = await written();
    answers.set(digestOf('one'), answer);
    expect(await refusal(named)).toContain(why);
  });

  test('a body that does not end is broken off at the first byte too many', async () => {
    const named = await written();
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 2;
        yield await Promise.resolve(Buffer.from('on'));
      }
    }
    answers.set(digestOf('one'), endless());
    expect(await refusal(named)).toContain('is larger than 3 bytes');
    expect(given).toBeLessThan(10);
  });

  test.each([
    ['of another image', { subject: { ...IMAGE, digest: digestOf('other') } }, 'another image'],
    ['of another type', { artifactType: 'application/vnd.other' }, 'another artifact'],
    ['without a lock', { lockType: 'application/octet-stream' }, 'does not have a lock'],
    ['that lacks a body', { layers: [bodyOf('one')] }, 'does not have sha256'],
    ['with another size', { layers: [bodyOf('one', 4), bodyOf('two')] }, 'does not have sha256'],
    ['with a lock that is not one', { lock: 'fetches: {a: [{address: ../x}]}' }, 'its lock:1'],
    ['with a lock without fetches', { lock: 'normaliser: 6-safe\nschemaVersion: 1' }, 'fetched'],
  ] satisfies [string, Parameters<typeof crafted>[0], string][])(
    'an artifact %s is refused',
    async (_, change, why) => {
      expect(await refusal(await crafted(change))).toContain(why);
    },
  );

  test('what is too large is refused before any of it is fetched', async () => {
    const size = 2 ** 45;
    const fetches = new Map([['stage-0', [{ ...fetchOf('one', 1), size }]]]);
    const lock = await lockText({ ...LOCK, fetches });
    const named = await crafted({ lock, layers: [bodyOf('one', size)] });
    answers.set(digestOf('one'), undefined);
    expect(await refusal(named)).toContain('too large');
  });

  test('a digest that is a path is not one', async () => {
    const lock = (await lockText({ ...LOCK, fetches: FETCHES })).replace(
      digestOf('one'),
      'sha256:../../../../etc/passwd',
    );
    expect(await refusal(await crafted({ lock }))).toContain('a sha256 digest');
  });
});
