import { describe, expect, test } from 'vitest';
import { type ReadDocument, verified } from '../../src/image/blob-store.ts';
import { openDocuments, type OpenedDocuments } from '../../src/image/opened-documents.ts';
import { UserError } from '../../src/lib/errors.ts';
import {
  type Descriptor,
  type Manifest,
  MEDIA_TYPE,
  type Platform,
  platformName,
} from '../../src/model/image.ts';
import { ImageBytes } from '../fakes/images.ts';
import { failure } from '../fakes/layouts.ts';

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

const refusal = async (promise: Promise<unknown>): Promise<string> =>
  (await failure(promise)).message;

const names = (documents: OpenedDocuments): readonly string[] =>
  documents.platforms.map(({ config }) => platformName(config));

describe('platforms', () => {
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
      'app lists linux/arm64, and this place does not contain it',
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

describe('whatever a runtime could take', () => {
  const foreign = 'application/vnd.foo.v1+json';

  test('an image that is listed as something else, alone or beside itself', async () => {
    const bytes = new ImageBytes();
    const [amd, arm] = [
      bytes.image({ platform: AMD }),
      bytes.image({ platform: ARM, text: 'arm' }),
    ];
    for (const entries of [
      [{ ...arm, mediaType: foreign, platform: AMD }, amd],
      [{ ...arm, mediaType: foreign, platform: AMD }, { ...arm, platform: AMD }, amd],
    ]) {
      const opened = await open(bytes, bytes.index(entries), AMD);
      expect(opened.platforms.map(({ descriptor }) => descriptor.digest)).toContain(arm.digest);
      expect(opened.unread).toEqual([]);
    }
  });

  test('what cannot be read as a manifest is named', async () => {
    const bytes = new ImageBytes();
    const chart = { ...bytes.add(Buffer.from('chart'), foreign), platform: AMD };
    const amd = bytes.image({ platform: AMD });
    const lost = { ...amd, mediaType: foreign, digest: `sha256:${'1'.repeat(64)}` };
    const opened = await open(bytes, bytes.index([chart, amd, lost]));
    expect(opened.unread).toEqual([chart, lost]);
    expect(await open(bytes, bytes.index([chart, amd]), ARM).catch(String)).toContain(
      'has no linux/arm64',
    );
  });

  test.each([
    ['letter case', { os: 'Linux', architecture: 'AMD64' }],
    ['another name', { os: 'linux', architecture: 'x86_64' }],
    ['no operating system', { os: '', architecture: 'amd64' }],
    ['an operating system that is left out', { architecture: 'amd64' }],
    ['an empty platform', {}],
    ['one of empty fields', { os: '', architecture: '' }],
    ['one of fields that no engine knows', { name: 'arm64', 'os.version': '' }],
    ['null', null],
    ['its 32-bit mode', { os: 'linux', architecture: '386' }],
    ['a newer variant', { os: 'linux', architecture: 'amd64', variant: 'v3' }],
  ])('a platform that is spelled otherwise: %s', async (_, platform) => {
    const bytes = new ImageBytes();
    const { platform: own, ...image } = bytes.image({ platform: AMD });
    expect(own).toEqual(AMD);
    const root = bytes.index([{ ...image, platform }, bytes.image({ platform: ARM, text: 'arm' })]);
    const opened = await open(bytes, root, AMD);
    expect(opened.platforms.map(({ descriptor }) => descriptor.digest)).toEqual([image.digest]);
  });

  test('the nearest platform, and besides it what names none', async () => {
    const bytes = new ImageBytes();
    const [amd, i386] = [
      bytes.image({ platform: AMD }),
      bytes.image({ platform: { os: 'linux', architecture: '386' }, text: '386' }),
    ];
    const { platform, ...unplaced } = bytes.image({ platform: AMD, text: 'unplaced' });
    expect(platform).toEqual(AMD);
    expect(names(await open(bytes, bytes.index([i386, amd]), AMD))).toEqual(['linux/amd64']);
    // containerd takes the one that names a platform, whichever is nearer by its config.
    // A runtime takes no variant but its own: what it takes instead is opened beside it.
    const v8 = bytes.image({ platform: { ...AMD, variant: 'v8' }, text: 'v8' });
    expect(names(await open(bytes, bytes.index([v8, i386]), AMD))).toEqual([
      'linux/amd64/v8',
      'linux/386',
    ]);
    expect(names(await open(bytes, bytes.index([unplaced, i386]), AMD))).toEqual([
      'linux/amd64',
      'linux/386',
    ]);
    const nested = bytes.index([amd]);
    expect(names(await open(bytes, bytes.index([nested, i386]), AMD))).toEqual([
      'linux/amd64',
      'linux/386',
    ]);
  });

  test.each([
    ['amd64', 'v3', '3', 'v2'],
    ['arm64', 'v8', '8', ''],
    ['arm64', 'v9', '9.0', 'v8'],
    ['arm64', 'v9', 'v9.0', 'v8'],
  ])(
    '%s/%s: what not every engine reads so does not stand before others (%s, %s)',
    async (architecture, wanted, odd, next) => {
      const bytes = new ImageBytes();
      const [first, second] = [
        bytes.image({ platform: { os: 'linux', architecture }, text: 'first' }),
        bytes.image({ platform: { os: 'linux', architecture }, text: 'second' }),
      ];
      const listed = (image: Descriptor, variant: string): object => ({
        ...image,
        platform: { os: 'linux', architecture, ...(variant === '' ? {} : { variant }) },
      });
      const asked = { os: 'linux', architecture, variant: wanted };
      const opened = await open(
        bytes,
        bytes.index([listed(first, odd), listed(second, next)]),
        asked,
      );
      expect(opened.platforms.map(({ descriptor }) => descriptor.digest)).toEqual([
        first.digest,
        second.digest,
      ]);
    },
  );

  test.each([
    ['config', 'application/vnd.cncf.helm.config.v1+json', MEDIA_TYPE.layerGzip],
    ['config', MEDIA_TYPE.empty, MEDIA_TYPE.layerGzip],
    ['config', 'text/html', MEDIA_TYPE.layerGzip],
    ['layer', MEDIA_TYPE.config, 'application/vnd.oci.image.layer.v1.tar+a+gzip'],
    ['layer', MEDIA_TYPE.config, 'application/octet-stream'],
  ])('an image whose %s calls itself another', async (_, configType, layerType) => {
    const bytes = new ImageBytes();
    const amd = bytes.image({ platform: AMD });
    const odd = retyped(bytes, bytes.image({ platform: AMD, text: 'odd' }), configType, layerType);
    const opened = await open(bytes, bytes.index([odd, amd]));
    expect(names(opened)).toEqual(['linux/amd64', 'linux/amd64']);
  });

  test('an artifact is one only where no engine makes a filesystem of it', async () => {
    const bytes = new ImageBytes();
    const amd = bytes.image({ platform: AMD });
    const helm = 'application/vnd.cncf.helm.config.v1+json';
    const chart = bytes.image({
      manifest: { config: bytes.add(Buffer.from('{"name":"chart"}'), helm) },
    });
    expect(names(await open(bytes, bytes.index([chart, amd])))).toEqual(['linux/amd64']);
    const hidden = bytes.image({
      manifest: { config: bytes.add(Buffer.from('{"RootFS":{"diff_ids":["x"]}}'), helm) },
    });
    expect(await refusal(open(bytes, bytes.index([hidden, amd])))).toContain('"RootFS"');
    const { config } = JSON.parse(String(bytes.blobs.get(amd.digest))) as Manifest;
    const own = String(bytes.blobs.get(config.digest));
    const far = bytes.image({
      manifest: { config: bytes.add(Buffer.from(' '.repeat(1500) + own), helm) },
    });
    expect(names(await open(bytes, bytes.index([far, amd])))).toEqual([
      'linux/amd64',
      'linux/amd64',
    ]);
    const large = bytes.image({
      manifest: { config: bytes.add(Buffer.alloc(5 * 1024 * 1024, '{'), helm) },
    });
    expect((await openLimited(bytes, bytes.index([large, amd]))).unread).toEqual([large]);
  });

  test.each([
    [{ Manifests: [] }, '"Manifests"'],
    [{ Layers: [] }, '"Layers"'],
    [{ layers: null }, 'an index and a manifest at once'],
    [{ fsLayers: [] }, 'schema 1'],
  ])('an index with %j beside', async (fields, wrong) => {
    const bytes = new ImageBytes();
    expect(await refusal(open(bytes, bytes.index([bytes.image()], fields)))).toContain(wrong);
  });

  test.each([
    ['user', '{"config":{"User":"1000","user":"0"}'],
    ['a second config', '{"config":{"User":"1000"},"config":{"User":"0"}'],
    ['ENV', '{"config":{"ENV":["A=b"]}'],
    ['long s', '{"config":{"U\u017fer":"0"}'],
  ])('a config with %s', async (_, start) => {
    const bytes = new ImageBytes();
    const rest = '"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}';
    const config = bytes.add(Buffer.from(`${start},${rest}`), MEDIA_TYPE.config);
    const root = bytes.image({ manifest: { config, layers: [] } });
    expect(await refusal(open(bytes, root))).toMatch(/ has the key "config/);
  });

  test('an image without layers may leave its lists out', async () => {
    const bytes = new ImageBytes();
    const { platforms } = await open(
      bytes,
      bytes.image({ config: { rootfs: { type: 'layers' } }, manifest: { layers: null } }),
    );
    expect(platforms[0].layers).toEqual([]);
  });
});

/** The image with other media types for its config and layer. */
function retyped(bytes: ImageBytes, image: Descriptor, config: string, layer: string): Descriptor {
  const manifest = JSON.parse(String(bytes.blobs.get(image.digest))) as {
    config: object;
    layers: object[];
  };
  return {
    ...bytes.json(
      {
        ...manifest,
        config: { ...manifest.config, mediaType: config },
        layers: manifest.layers.map((one) => ({ ...one, mediaType: layer })),
      },
      MEDIA_TYPE.manifest,
    ),
    ...(image.platform === undefined ? {} : { platform: image.platform }),
  };
}

/** As a place reads, which has a bound. */
function openLimited(bytes: ImageBytes, root: Descriptor): Promise<OpenedDocuments> {
  const read: ReadDocument = (descriptor, cap) =>
    descriptor.size > cap
      ? Promise.reject(new UserError(`${descriptor.digest} is larger than ${cap} bytes`))
      : reader(bytes)(descriptor, cap);
  return openDocuments(root, { name: 'app', read });
}

describe('what is no container image', () => {
  test.each([
    ['application/vnd.cncf.helm.config.v1+json', '"application/vnd.cncf.helm.config.v1+json"'],
    ['application/x-other\u001b[2J', '"application/x-other\\u001b[2J"'],
  ])('config %s', async (mediaType, type) => {
    const bytes = new ImageBytes();
    const config = bytes.add(Buffer.from('{}'), mediaType);
    const root = bytes.image({ manifest: { config } });
    expect(await refusal(open(bytes, root))).toBe(
      `app is not a container image but an artifact of type ${type}`,
    );
  });

  test('a cosign signature, which has the config type of an image', async () => {
    const bytes = new ImageBytes();
    expect(await refusal(open(bytes, bytes.signature()))).toBe(
      'app is not a container image but an artifact of type "application/vnd.dev.cosign.simplesigning.v1+json"',
    );
  });

  test('a referrer, and an index of artifacts only', async () => {
    const bytes = new ImageBytes();
    const referrer = bytes.referrer(bytes.image());
    expect(await refusal(open(bytes, referrer))).toMatch(/but an artifact of type .*sigstore/);
    expect(await refusal(open(bytes, bytes.index([referrer])))).toMatch(
      /an index of an artifact of type .*sigstore/,
    );
    expect(await refusal(open(bytes, bytes.index([])))).toMatch(/an empty index/);
  });

  test('an unknown platform', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image({ platform: { os: 'unknown', architecture: 'unknown' } });
    expect(await refusal(open(bytes, root))).toMatch(/whose platform is unknown/);
  });
});

describe('damaged and forged documents', () => {
  test('manifest and index at once, another type than stated, schema 1', async () => {
    const bytes = new ImageBytes();
    const image = bytes.image();
    const both = bytes.image({ manifest: { manifests: [] } });
    expect(await refusal(open(bytes, both))).toMatch(/an index and a manifest at once/);
    const index = bytes.index([image], { config: {}, layers: [] });
    expect(await refusal(open(bytes, index))).toMatch(/an index and a manifest at once/);
    const other = { ...image, mediaType: MEDIA_TYPE.dockerManifest };
    expect(await refusal(open(bytes, other))).toMatch(/has a mediaType that differs/);
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
});
