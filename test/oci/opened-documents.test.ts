import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/model/errors.ts';
import { type Descriptor, MEDIA_TYPE, type Platform, platformName } from '../../src/model/oci.ts';
import { type ReadDocument, verified } from '../../src/oci/blob-source.ts';
import { openDocuments, type OpenedDocuments } from '../../src/oci/opened-documents.ts';
import { ImageBytes } from '../fakes/images.ts';

const AMD = { os: 'linux', architecture: 'amd64' };
const ARM = { os: 'linux', architecture: 'arm64' };

function reader({ blobs }: ImageBytes): ReadDocument {
  return (descriptor) => {
    const bytes = blobs.get(descriptor.digest);
    return Promise.resolve(bytes === undefined ? undefined : verified(descriptor, bytes));
  };
}

function open(bytes: ImageBytes, root: Descriptor, platform?: Platform): Promise<OpenedDocuments> {
  return openDocuments(root, {
    name: 'app',
    read: reader(bytes),
    ...(platform === undefined ? {} : { platform }),
  });
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(UserError);
  return (error as UserError).message;
}

const names = (documents: OpenedDocuments): readonly string[] =>
  documents.platforms.map(({ config }) => platformName(config));

describe('platforms', () => {
  test('a manifest alone is one platform, its layers with their diffIDs', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image();
    const { platforms, index, absent } = await open(bytes, root);
    expect(index).toBeUndefined();
    expect(absent).toEqual([]);
    expect(platforms).toHaveLength(1);
    expect(platforms[0].layers).toEqual([
      {
        blob: platforms[0].manifest.layers[0],
        diffId: platforms[0].config.rootfs.diff_ids[0],
      },
    ]);
  });

  test('an index gives all in its order, attestations apart', async () => {
    const bytes = new ImageBytes();
    const amd = bytes.image({ platform: AMD });
    const arm = bytes.image({ platform: ARM, text: 'arm' });
    const attestations = [bytes.attestation(amd), bytes.attestation(arm)];
    const root = bytes.index([arm, amd, ...attestations]);
    const opened = await open(bytes, root);
    expect(names(opened)).toEqual(['linux/arm64', 'linux/amd64']);
    expect(opened.attestations.map((a) => a.subject)).toEqual([amd.digest, arm.digest]);
    const one = await open(bytes, root, AMD);
    expect(names(one)).toEqual(['linux/amd64']);
    expect(one.attestations.map((a) => a.subject)).toEqual([amd.digest]);
  });

  test('a platform that the place lacks is told apart from one that the index lacks', async () => {
    const bytes = new ImageBytes();
    const amd = bytes.image({ platform: AMD });
    const arm = { ...bytes.image({ platform: ARM, text: 'arm' }) };
    const root = bytes.index([amd, arm]);
    bytes.blobs.delete(arm.digest);
    const opened = await open(bytes, root);
    expect(names(opened)).toEqual(['linux/amd64']);
    expect(opened.absent).toEqual([arm]);
    expect(await refusal(open(bytes, root, ARM))).toBe(
      'app lists linux/arm64, and this place does not hold it',
    );
    expect(await refusal(open(bytes, root, { os: 'linux', architecture: 's390x' }))).toBe(
      'app has no linux/s390x, but linux/amd64, linux/arm64',
    );
    expect(await refusal(open(bytes, amd, ARM))).toBe('app has no linux/arm64, but linux/amd64');
  });

  test('an image that is marked as an attestation and names a platform is an image to an engine, and here', async () => {
    const bytes = new ImageBytes();
    const amd = bytes.image({ platform: AMD });
    const { annotations = {} } = bytes.attestation(amd);
    const arm = { ...bytes.image({ platform: ARM, text: 'arm' }), annotations };
    const { platform, ...unplaced } = bytes.image({
      platform: { os: 'linux', architecture: 's390x' },
      text: 's390x',
    });
    expect(platform).toBeDefined();
    const { platform: unknown, ...attestation } = bytes.attestation(amd);
    expect(unknown).toEqual({ os: 'unknown', architecture: 'unknown' });
    const root = bytes.index([amd, arm, { ...unplaced, annotations }, attestation]);
    const opened = await open(bytes, root);
    expect(names(opened)).toEqual(['linux/amd64', 'linux/arm64', 'linux/s390x']);
    expect(opened.attestations.map((a) => a.descriptor.digest)).toContain(attestation.digest);
  });

  test('a variant that was not named matches any', async () => {
    const bytes = new ImageBytes();
    const v8 = { ...ARM, variant: 'v8' };
    const root = bytes.index([bytes.image({ platform: v8 }), bytes.image({ platform: AMD })]);
    expect(names(await open(bytes, root, ARM))).toEqual(['linux/arm64/v8']);
    expect(names(await open(bytes, root, v8))).toEqual(['linux/arm64/v8']);
  });
});

describe('what is no container image', () => {
  test.each([
    ['application/vnd.cncf.helm.config.v1+json', 'a Helm chart'],
    ['application/vnd.wasm.config.v0+json', 'a WebAssembly module'],
    ['application/x-other\u001b[2J', 'an artifact of type "application/x-other\\u001b[2J"'],
  ])('config %s', async (mediaType, kind) => {
    const bytes = new ImageBytes();
    const config = bytes.add(Buffer.from('{}'), mediaType);
    const root = bytes.image({ manifest: { config } });
    expect(await refusal(open(bytes, root))).toBe(`app is no container image but ${kind}`);
  });

  test('a cosign signature, which has the config type of an image', async () => {
    const bytes = new ImageBytes();
    expect(await refusal(open(bytes, bytes.signature()))).toBe(
      'app is no container image but a cosign signature',
    );
  });

  test('a referrer, and an index of artifacts only', async () => {
    const bytes = new ImageBytes();
    const referrer = bytes.referrer(bytes.image());
    expect(await refusal(open(bytes, referrer))).toMatch(/but a sigstore bundle$/);
    expect(await refusal(open(bytes, bytes.index([referrer])))).toMatch(/an index of a sigstore/);
    expect(await refusal(open(bytes, bytes.index([])))).toMatch(/an empty index/);
  });

  test('an unknown platform', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image({ platform: { os: 'unknown', architecture: 'unknown' } });
    expect(await refusal(open(bytes, root))).toMatch(/whose platform is unknown/);
  });
});

describe('damaged and forged documents', () => {
  test('an index in itself, by nesting, is refused', async () => {
    const bytes = new ImageBytes();
    let root = bytes.index([bytes.image()]);
    for (let i = 0; i < 3; i++) root = bytes.index([root]);
    expect(await refusal(open(bytes, root))).toMatch(/nested too deeply/);
  });

  test('an index that names itself is read once', async () => {
    const bytes = new ImageBytes();
    const image = bytes.image();
    const digest = `sha256:${'a'.repeat(64)}`;
    const self = { mediaType: MEDIA_TYPE.index, digest, size: 1 };
    const index = Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [self, image] }),
    );
    let reads = 0;
    const read: ReadDocument = (descriptor, cap) => {
      if (descriptor.digest !== digest) return reader(bytes)(descriptor, cap);
      reads += 1;
      return Promise.resolve(index);
    };
    const root = { ...self, size: index.length } as Descriptor;
    const opened = await openDocuments(root, { name: 'app', read });
    expect(opened.platforms).toHaveLength(1);
    expect(reads).toBeLessThanOrEqual(3);
  });

  test('manifest and index at once, another type than stated, schema 1', async () => {
    const bytes = new ImageBytes();
    const image = bytes.image();
    const both = bytes.image({ manifest: { manifests: [] } });
    expect(await refusal(open(bytes, both))).toMatch(/an index and a manifest at once/);
    const index = bytes.index([image], { config: {}, layers: [] });
    expect(await refusal(open(bytes, index))).toMatch(/an index and a manifest at once/);
    const other = { ...image, mediaType: MEDIA_TYPE.dockerManifest };
    expect(await refusal(open(bytes, other))).toMatch(/says of itself another type/);
    const old = bytes.json({ schemaVersion: 1, name: 'app' }, MEDIA_TYPE.manifest);
    expect(await refusal(open(bytes, old))).toMatch(/schema 1/);
    const strange = { ...image, mediaType: 'text/html' };
    expect(await refusal(open(bytes, strange))).toMatch(/something of type "text\/html"/);
  });

  test('layers and diffIDs that do not go together', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image({ manifest: { layers: [] } });
    expect(await refusal(open(bytes, root))).toMatch(/lists 0 layers, and its config 1/);
  });

  test.each([
    ['config.Env is not a list', { config: { Env: 'PATH=/bin' } }],
    ['config.Env[0] is not text', { config: { Env: [1] } }],
    ['config.User is not text', { config: { User: {} } }],
    ['config.Entrypoint is not a list', { config: { Entrypoint: '/bin/sh' } }],
    ['config.Labels.a is not text', { config: { Labels: { a: 1 } } }],
    ['config is not an object', { config: [] }],
    ['history is not a list', { history: 'none' }],
    ['history[0].created_by is not text', { history: [{ created_by: 5 }] }],
  ])('a config of which %s', async (wrong, config) => {
    const bytes = new ImageBytes();
    const root = bytes.image({ config });
    expect(await refusal(open(bytes, root))).toContain(` of app: ${wrong}`);
  });

  test('fields that are null are left out', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image({ config: { config: { Env: null, User: '1' }, history: null } });
    const { config } = (await open(bytes, root)).platforms[0];
    expect(config.config).toEqual({ User: '1' });
    expect('history' in config).toBe(false);
  });

  test('a missing root, config or nested index', async () => {
    const bytes = new ImageBytes();
    const image = bytes.image();
    const none = { ...image, digest: `sha256:${'0'.repeat(64)}` } as Descriptor;
    expect(await refusal(open(bytes, none))).toMatch(/not complete/);
    expect(await refusal(open(bytes, { ...none, mediaType: MEDIA_TYPE.index }))).toMatch(
      /not complete/,
    );
    const lost = bytes.image({ manifest: { config: { ...none, mediaType: MEDIA_TYPE.config } } });
    expect(await refusal(open(bytes, lost))).toMatch(/not complete/);
  });

  test('more platforms than any image has', async () => {
    const bytes = new ImageBytes();
    const many = Array.from({ length: 101 }, (_, i) => bytes.image({ text: String(i) }));
    expect(await refusal(open(bytes, bytes.index(many)))).toMatch(/more than 100 platforms/);
  });
});
