import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { MissingLayerError } from '../../src/image/attachments.ts';
import type { ConnectionOptions } from '../../src/image/registry/connection.ts';
import { openRegistryImage } from '../../src/image/registry/open-registry.ts';
import { type Descriptor, isIndex, MEDIA_TYPE, type OpenedImage } from '../../src/model/image.ts';
import { digestHex, digestOf, parseReference } from '../../src/model/reference.ts';
import type { FakeRegistry, FakeRegistryOptions } from '../fakes/fake-registry.ts';
import { ImageBytes } from '../fakes/images.ts';
import { collect, failure } from '../fakes/layouts.ts';
import { clientOf, registryOf } from '../fakes/registries.ts';

/** Stores every blob; those that are manifests also as such, the root under the tag 1. */
function put(registry: FakeRegistry, bytes: ImageBytes, root: Descriptor): void {
  for (const blob of bytes.blobs.values()) {
    registry.putBlob('app', blob);
    const mediaType = mediaTypeOf(blob);
    if (mediaType !== undefined) registry.putManifest('app', digestOf(blob), blob, mediaType);
  }
  const bytesOfRoot = bytes.blobs.get(root.digest) ?? Buffer.alloc(0);
  registry.putManifest('app', '1', bytesOfRoot, root.mediaType);
}

function mediaTypeOf(blob: Buffer): string | undefined {
  if (blob[0] !== 0x7b) return undefined;
  const { mediaType } = JSON.parse(blob.toString()) as { mediaType?: string };
  return mediaType;
}

function open(
  registry: FakeRegistry,
  name = 'app:1',
  options: Partial<ConnectionOptions> = {},
): Promise<OpenedImage> {
  const reference = parseReference(`${registry.host}/${name}`);
  if (!reference.ok) throw new Error(reference.error);
  const client = clientOf(registry, options);
  return openRegistryImage({ name, reference: reference.value, client });
}

describe('documents and layers', () => {
  test('by tag and by digest; no layer is asked for before it is read', async () => {
    const registry = await registryOf();
    const bytes = new ImageBytes();
    const image = bytes.image();
    const root = bytes.index([image, bytes.attestation(image)]);
    put(registry, bytes, root);
    for (const name of ['app:1', `app@${root.digest}`, `app:other@${root.digest}`]) {
      const opened = await open(registry, name);
      expect(opened.root.digest).toBe(root.digest);
      expect(opened.place).toBe('registry');
    }
    const layer = (await open(registry)).platforms[0].layers[0]?.blob as Descriptor;
    expect(registry.calls.some((call) => call.endsWith(layer.digest))).toBe(false);
    const opened = await open(registry);
    expect(await collect(await opened.openLayer(layer))).toEqual(bytes.blobs.get(layer.digest));
  });

  test('a layer goes on where it broke, and every good piece earns new tries', async () => {
    const registry = await registryOf();
    const bytes = new ImageBytes();
    const content = randomBytes(30 * 1024 * 1024);
    const layer = bytes.add(content, MEDIA_TYPE.layer);
    const config = { rootfs: { type: 'layers', diff_ids: [layer.digest] } };
    put(registry, bytes, bytes.image({ manifest: { layers: [layer] }, config }));
    const opened = await open(registry, 'app:1', { retries: 1 });
    registry.fail(/GET .*blobs/, { do: 'cut-download', after: 9 * 1024 * 1024 }, 3);
    const parts: Uint8Array[] = [];
    for await (const chunk of await opened.openLayer(layer)) parts.push(chunk);
    expect(Buffer.concat(parts).equals(content)).toBe(true);
    const ranges = registry.requests.flatMap((r) => r.headers.range ?? []);
    expect(ranges).toHaveLength(3);
  });

  test.each(['foreign', 'nondistributable', 'plain'] as const)(
    'a %s layer that the registry lacks is an error of its own; its address is not asked',
    async (kind) => {
      const elsewhere = await registryOf();
      const registry = await registryOf();
      const bytes = new ImageBytes();
      const none = bytes.add(Buffer.from('not here'), MEDIA_TYPE.layerGzip);
      const layer = {
        ...none,
        mediaType:
          kind === 'nondistributable'
            ? 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'
            : MEDIA_TYPE.layerGzip,
        ...(kind === 'foreign' ? { urls: [`http://${elsewhere.host}/layer`] } : {}),
      };
      bytes.blobs.delete(none.digest);
      put(registry, bytes, bytes.image({ manifest: { layers: [layer] } }));
      const opened = await open(registry);
      const failure = await collect(await opened.openLayer(layer)).catch((e: unknown) => e);
      expect(failure).toBeInstanceOf(MissingLayerError);
      expect((failure as MissingLayerError).foreign).toBe(kind === 'foreign');
      expect(elsewhere.requests).toEqual([]);
    },
  );

  test('a blob that is larger than it may be is not read', async () => {
    const registry = await registryOf();
    const bytes = new ImageBytes();
    const root = bytes.image();
    put(registry, bytes, root);
    const opened = await open(registry);
    const before = registry.requests.length;
    await expect(
      opened.readBlob({ ...root, mediaType: 'x', digest: digestOf('x'), size: 2 ** 40 }),
    ).rejects.toThrow('larger than 16777216 bytes');
    expect(registry.requests).toHaveLength(before);
  });
});

describe('what hangs on it', () => {
  async function attached(options: FakeRegistryOptions): Promise<{
    readonly registry: FakeRegistry;
    readonly opened: OpenedImage;
    readonly bytes: ImageBytes;
    readonly root: Descriptor;
  }> {
    const registry = await registryOf(options);
    const bytes = new ImageBytes();
    const platform = bytes.image();
    const root = bytes.index([platform, bytes.attestation(platform)]);
    const referrers = [
      bytes.referrer(root),
      bytes.referrer(platform, 'application/vnd.cncf.notary.signature'),
    ];
    const signature = bytes.signature();
    put(registry, bytes, root);
    const tag = (descriptor: Descriptor, suffix: string): string =>
      `sha256-${digestHex(descriptor.digest)}${suffix}`;
    const manifest = bytes.blobs.get(signature.digest) ?? Buffer.alloc(0);
    registry.putManifest('app', tag(root, '.sig'), manifest, MEDIA_TYPE.manifest);
    registry.putManifest('app', tag(platform, '.att'), manifest, MEDIA_TYPE.manifest);
    if (options.referrersApi !== true)
      for (const [i, subject] of [root, platform].entries()) {
        const list = bytes.index([referrers[i], bytes.referrer(bytes.image({ text: 'other' }))]);
        const listed = bytes.blobs.get(list.digest) ?? Buffer.alloc(0);
        registry.putManifest('app', tag(subject, ''), listed, MEDIA_TYPE.index);
        for (const blob of bytes.blobs.values()) {
          const mediaType = mediaTypeOf(blob);
          if (mediaType !== undefined && !isIndex(mediaType))
            registry.putManifest('app', digestOf(blob), blob, mediaType);
        }
      }
    return { registry, opened: await open(registry), bytes, root };
  }

  test.each([true, false])('all kinds of it; referrers API: %s', async (referrersApi) => {
    const { opened, root } = await attached({ referrersApi });
    const attachments = await opened.attachments();
    expect(attachments.complete).toBe(true);
    const of = (subject: string) => (subject === root.digest ? 'index' : 'platform');
    expect(attachments.found.map((a) => [of(a.subject), a.kind])).toEqual([
      ['index', 'cosign-signature-tag'],
      ['index', 'referrer'],
      ['platform', 'buildkit-attestation'],
      ['platform', 'cosign-attestation-tag'],
      ['platform', 'referrer'],
    ]);
    const bundle = attachments.found[1]?.manifest.layers[0] as Descriptor;
    expect(String(Buffer.from(await opened.readBlob(bundle)))).toContain(root.digest);
  });

  test.each([
    ['the referrers API', /GET .*referrers/],
    ['a tag', /GET .*\.sig$/],
  ])('a registry that fails at %s: not complete, with the reason', async (_what, match) => {
    const { opened, registry } = await attached({ referrersApi: true });
    registry.fail(match, { do: 'status', status: 403 }, 1);
    const attachments = await opened.attachments();
    expect(attachments.complete).toBe(false);
    expect('reason' in attachments && attachments.reason).toContain('answered 403');
    expect(attachments.found.length).toBeGreaterThan(2);
  });

  test('more than a thousand are cut, and it is said', async () => {
    const { registry, bytes, root } = await attached({ referrersApi: false });
    const listed = Array.from({ length: 1005 }, (_, i) => ({
      mediaType: MEDIA_TYPE.manifest,
      digest: digestOf(String(i)),
      size: 1,
    }));
    const list = bytes.blobs.get(bytes.index(listed).digest) ?? Buffer.alloc(0);
    registry.putManifest('app', `sha256-${digestHex(root.digest)}`, list, MEDIA_TYPE.index);
    const attachments = await (await open(registry)).attachments();
    expect('reason' in attachments && attachments.reason).toMatch(/more than 1000/);
  });
});

test('a list of referrers that never ends, or goes on elsewhere, is no list', async () => {
  const page = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: [] }),
  );
  for (const next of ['?page=2', 'https://elsewhere.test/v2/']) {
    const headers = { 'content-type': MEDIA_TYPE.index, link: `<${next}>; rel="next"` };
    const fetch = () => Promise.resolve(new Response(page, { headers }));
    await failure(clientOf({ host: 'r.test' }, { fetch }).referrers('app', digestOf('x')));
  }
});

test('a registry elsewhere may not send us to this machine', async () => {
  let calls = 0;
  const fetch = () => {
    calls += 1;
    const headers = { location: 'http://127.0.0.1:2375/containers/json' };
    return Promise.resolve(new Response(null, { status: 307, headers }));
  };
  const client = clientOf({ host: 'r.test' }, { fetch });
  const blob = { mediaType: 'x', digest: digestOf('x'), size: 1 };
  await expect(collect(client.getBlob('app', blob))).rejects.toThrow(
    'r.test redirects into this machine or its network',
  );
  expect(calls).toBe(1);
});
