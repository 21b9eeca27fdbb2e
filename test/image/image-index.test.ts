import { expect, test } from 'vitest';
import { imageParts, readExportedIndex } from '../../src/image/image-index.ts';
import { type Descriptor, MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';

const digest = 'sha256:d9be2846726c4e7574c6145e00535d8afe407f03bc4b47345854f573560c9a93';
const entry = (annotations: Record<string, string>): unknown => ({
  mediaType: MEDIA_TYPE.index,
  digest,
  size: 855,
  annotations: { 'org.opencontainers.image.created': '2026-11-24T17:36:32Z', ...annotations },
});
const bytesOf = (manifests: unknown[]): Buffer =>
  Buffer.from(JSON.stringify({ schemaVersion: 2, manifests }));

test('an image that buildx lists once for each of its tags is one', () => {
  const each = ['1', '2'].map((name) => entry({ 'io.containerd.image.name': name }));
  const descriptor = { mediaType: MEDIA_TYPE.index, digest, size: 855 };
  expect(readExportedIndex(bytesOf(each))).toEqual([descriptor]);
});

test.each([
  ['', /not JSON/],
  ['[]', /not an object/],
  ['{"schemaVersion":2}', /not an image index/],
  [
    '{"schemaVersion":2,"manifests":[{"digest":"sha256:x"}]}',
    /entry 1 has no media type, sha256 digest or size/,
  ],
  ['{"schemaVersion":1,"manifests":[]}', /schema 1/],
  ['{"schemaVersion":3,"manifests":[]}', /schemaVersion 2/],
])('refuses %j', (text, message) => {
  expect(() => readExportedIndex(Buffer.from(text))).toThrow(message);
});

function documents(): {
  add: (manifests: readonly Descriptor[]) => Descriptor;
  read: (d: Descriptor) => Promise<Uint8Array>;
} {
  const stored = new Map<string, Buffer>();
  return {
    add: (manifests) => {
      const bytes = bytesOf([...manifests]);
      stored.set(digestOf(bytes), bytes);
      return { mediaType: MEDIA_TYPE.index, digest: digestOf(bytes), size: bytes.length };
    },
    read: (d) => Promise.resolve(stored.get(d.digest) ?? Buffer.alloc(0)),
  };
}

const platform = (n: number): Descriptor => ({
  mediaType: MEDIA_TYPE.manifest,
  digest: digestOf(`manifest ${n}`),
  size: n,
  platform: { os: 'linux', architecture: 'amd64' },
});

test('one attestation manifest that is listed for two platforms is about both', async () => {
  const { add, read } = documents();
  const about = (n: number): Descriptor => ({
    ...platform(3),
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': platform(n).digest,
    },
  });
  const root = add([platform(1), platform(2), about(1), about(2)]);
  const { attestations } = await imageParts(root, read);
  expect(attestations.map(({ subject }) => subject)).toEqual([1, 2].map((n) => platform(n).digest));
});
