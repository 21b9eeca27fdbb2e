import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MissingLayerError } from '../../src/image/attachments.ts';
import { openLayoutFolder } from '../../src/image/layout/open-layout.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestHex } from '../../src/model/reference.ts';
import { ImageBytes } from '../fakes/images.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { written as writtenIn } from '../fakes/written.ts';

const CONTAINERD_NAME = 'io.containerd.image.name';
const REF_NAME = 'org.opencontainers.image.ref.name';

const written = (files: Readonly<Record<string, Uint8Array>>): string =>
  writtenIn(temporaryFolder(), files);

function named(descriptor: Descriptor, name: string, full?: string): Descriptor {
  const annotations = {
    [REF_NAME]: name,
    ...(full === undefined ? {} : { [CONTAINERD_NAME]: full }),
  };
  return { ...descriptor, annotations };
}

const open = (path: string, wanted?: string) => openLayoutFolder({ name: 'DIR', path, wanted });

describe('which image', () => {
  test('one of several by tag, full name or digest; else they are listed', async () => {
    const bytes = new ImageBytes();
    const [one, two] = [bytes.image({ text: '1' }), bytes.image({ text: '2' })];
    const path = written(
      bytes.layout([
        named(one, '1', 'docker.io/library/app:1'),
        // buildx 0.13
        named(two, 'docker.io/library/app:2,docker.io/library/app:latest'),
      ]),
    );
    for (const wanted of ['1', 'app:1', 'docker.io/library/app:1', one.digest])
      expect((await open(path, wanted)).root.digest).toBe(one.digest);
    for (const wanted of ['app', 'app:2'])
      expect((await open(path, wanted)).root.digest).toBe(two.digest);
    await expect(open(path)).rejects.toThrow(
      'DIR contains 2 images: docker.io/library/app:1, docker.io/library/app:2',
    );
    await expect(open(path, '3\u001b[2J')).rejects.toThrow(
      'DIR does not contain "3\\u001b[2J", but',
    );
  });

  test('entries that are the platforms of one image: index.json is its index', async () => {
    const bytes = new ImageBytes();
    const amd = bytes.image();
    const arm = bytes.image({ platform: { os: 'linux', architecture: 'arm64' }, text: 'arm' });
    const files = bytes.layout([amd, arm]);
    const image = await open(written(files));
    expect(image.platforms.map((p) => p.config.architecture)).toEqual(['amd64', 'arm64']);
    expect(await image.readBlob(image.root)).toEqual(files['index.json']);
  });

  test('attestation manifests, referrers and signatures are no images', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image();
    const { artifactType, ...referrer } = bytes.referrer(root);
    expect(artifactType).toBe(MEDIA_TYPE.sigstoreBundle);
    const signature = named(bytes.signature(), `sha256-${digestHex(root.digest)}.sig`);
    const image = await open(written(bytes.layout([referrer, signature, root])));
    expect(image.root.digest).toBe(root.digest);
  });

  test.each([
    ['artifactType', { artifactType: MEDIA_TYPE.sigstoreBundle }, {}],
    ['what cosign save notes', {}, { kind: 'dev.cosignproject.cosign/sigs' }],
    ['a tag of cosign beside', {}, { [REF_NAME]: `sha256-${'0'.repeat(64)}.sig` }],
  ])('a second image that is named is not hidden by %s', async (_, fields, annotations) => {
    const bytes = new ImageBytes();
    const signed = bytes.image();
    const { mediaType, digest, size } = signed;
    const manifest = { subject: { mediaType, digest, size } };
    const config = { config: { Cmd: ['other'] } };
    for (const other of [bytes.image({ text: 'other' }), bytes.image({ config, manifest })]) {
      const hidden = {
        ...other,
        ...fields,
        annotations: { ...annotations, [CONTAINERD_NAME]: 'docker.io/library/app:1' },
      };
      const path = written(bytes.layout([named(signed, '1'), hidden]));
      await expect(open(path)).rejects.toThrow('DIR contains 2 images');
      expect((await open(path, 'app:1')).root.digest).toBe(other.digest);
    }
  });

  test('a named artifact is no image, one that an engine makes a filesystem of is', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image();
    const artifact = named(bytes.referrer(root, 'application/vnd.test'), 'sbom');
    expect((await open(written(bytes.layout([root, artifact])))).root.digest).toBe(root.digest);
    const layers = [bytes.add(Buffer.from('a tar'), 'application/vnd.test')];
    const runs = named(bytes.image({ text: 'b', manifest: { layers } }), 'app');
    await expect(open(written(bytes.layout([root, runs])))).rejects.toThrow('contains 2 images');
  });

  test('none, no layout, another version', async () => {
    const bytes = new ImageBytes();
    await expect(open(written(bytes.layout([])))).rejects.toThrow('DIR does not contain an image');
    await expect(open(temporaryFolder())).rejects.toThrow(
      'DIR is not an OCI layout: it has no index.json',
    );
    const files = bytes.layout([bytes.image()]);
    await expect(
      open(written({ ...files, 'oci-layout': Buffer.from('{"imageLayoutVersion":"2.0"}') })),
    ).rejects.toThrow('version that is not known');
    await expect(open(written({ ...files, 'index.json': Buffer.from('[]') }))).rejects.toThrow(
      'index.json of DIR is not an object',
    );
  });
});

describe('what is read', () => {
  test('a layer that is missing is told, a foreign one as such', async () => {
    const bytes = new ImageBytes();
    const plain = bytes.image();
    const image = await open(written(bytes.layout([plain])));
    const none = { ...image.platforms[0].layers[0]?.blob, digest: plain.digest } as Descriptor;
    const lost = { ...none, digest: `sha256:${'0'.repeat(64)}` } as Descriptor;
    const failure = await image.openLayer(lost).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MissingLayerError);
    expect((failure as MissingLayerError).foreign).toBe(false);
    const urls = ['https://elsewhere.test/layer'];
    const foreign = await image.openLayer({ ...lost, urls }).catch((error: unknown) => error);
    expect((foreign as MissingLayerError).foreign).toBe(true);
    expect((foreign as MissingLayerError).message).not.toContain('elsewhere');
  });

  test.each([0, 10, 10 ** 12])(
    'a layer that is not of %d bytes as its manifest says',
    async (size) => {
      const bytes = new ImageBytes();
      const [layer] = (await open(written(bytes.layout([bytes.image()])))).platforms[0].layers;
      const { blob } = layer as NonNullable<typeof layer>;
      const root = bytes.image({ manifest: { layers: [{ ...blob, size }] } });
      await expect(open(written(bytes.layout([root])))).rejects.toThrow(
        `${blob.digest} has ${blob.size} bytes where ${size} were stated`,
      );
    },
  );

  test('a blob that is another is refused', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image();
    bytes.blobs.set(root.digest, Buffer.from('x'.repeat(root.size)));
    await expect(open(written(bytes.layout([root])))).rejects.toThrow('other content');
    bytes.blobs.set(root.digest, Buffer.from('{}'));
    await expect(open(written(bytes.layout([root])))).rejects.toThrow('2 bytes where');
  });

  test('a device in the place of a blob is not read', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image();
    bytes.blobs.delete(root.digest);
    const path = written(bytes.layout([root]));
    symlinkSync('/dev/zero', join(path, 'blobs/sha256', digestHex(root.digest)));
    await expect(open(path)).rejects.toThrow('not complete');
  });
});

describe('what hangs on it', () => {
  test('referrers, signatures by tag, lists of referrers, attestation manifests', async () => {
    const bytes = new ImageBytes();
    const platform = bytes.image();
    const root = bytes.index([platform, bytes.attestation(platform)]);
    const tag = `sha256-${digestHex(root.digest)}`;
    const listed = bytes.referrer(root, 'application/vnd.cncf.notary.signature');
    const entries = [
      named(root, '1'),
      bytes.referrer(root),
      bytes.referrer(platform, 'application/spdx+json'),
      named(bytes.signature(), `${tag}.sig`),
      named(bytes.index([listed]), tag),
      bytes.referrer(bytes.image({ text: 'another' })),
    ];
    const image = await open(written(bytes.layout(entries)));
    const attachments = await image.attachments();
    expect(attachments.complete).toBe(true);
    expect(
      attachments.found.map(({ kind, subject, manifest }) => [
        kind,
        subject === root.digest ? 'index' : subject === platform.digest ? 'platform' : subject,
        manifest.artifactType ?? manifest.layers[0]?.mediaType,
      ]),
    ).toEqual(
      expect.arrayContaining([
        ['cosign-signature-tag', 'index', 'application/vnd.dev.cosign.simplesigning.v1+json'],
        ['referrer', 'index', MEDIA_TYPE.sigstoreBundle],
        ['referrer', 'index', 'application/vnd.cncf.notary.signature'],
        ['referrer', 'platform', 'application/spdx+json'],
        ['buildkit-attestation', 'platform', MEDIA_TYPE.inToto],
      ]),
    );
    expect(attachments.found).toHaveLength(5);
  });

  test('a list that the layout lacks a part of is not complete', async () => {
    const bytes = new ImageBytes();
    const root = bytes.image();
    const referrer = bytes.referrer(root);
    bytes.blobs.delete(referrer.digest);
    const image = await open(written(bytes.layout([root, referrer])));
    const attachments = await image.attachments();
    expect(attachments).toEqual({
      complete: false,
      found: [],
      reason: `the layout lacks ${referrer.digest}, which it lists`,
    });
  });
});
