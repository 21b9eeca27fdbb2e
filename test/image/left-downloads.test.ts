import { gzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { BlobStore } from '../../src/image/blob-store.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import { downloadsLeft } from '../../src/reproduce/left-downloads.ts';
import { cyclonedxDocument, spdxDocument } from '../../src/trust/sbom.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { entry, tarOf } from '../fakes/tar-bytes.ts';

let blobs: BlobStore;
beforeEach(async () => {
  blobs = new BlobStore(temporaryFolder());
  await blobs.prepare();
});

/** A layer of files by path; a path that ends with a slash is a folder. */
async function layer(files: Readonly<Record<string, string>>, packed = false): Promise<Digest> {
  const items = Object.entries(files).map(([name, text]) => {
    const content = Buffer.from(text);
    const type = name.endsWith('/') ? 'directory' : 'file';
    return { entry: entry({ name, type, size: content.length, mode: 0o755 }), content };
  });
  const bytes = tarOf(items);
  const blob = packed ? gzipSync(bytes) : bytes;
  await blobs.write(blob);
  return digestOf(blob);
}

const YQ = 'yq '.repeat(100);
const TOOL = 'to '.repeat(100);
const RELEASE = 'https://github.com/mikefarah/yq/releases/download/v4.44.1/yq_linux_amd64';
const fetches = new Map([
  [
    'build',
    [
      {
        address: RELEASE,
        status: 302,
        headers: { location: 'https://store.example/1?sig=REDACTED' },
        digest: digestOf(''),
        size: 0,
      },
      { address: 'https://store.example/1?sig=REDACTED', digest: digestOf(YQ), size: YQ.length },
      { address: 'https://e.example/tool-1.2.3.bin', digest: digestOf(TOOL), size: TOOL.length },
      { address: 'https://e.example/small', digest: digestOf('x'), size: 1 },
    ],
  ],
]);

test('names a file by where the build asked for it, in a plain and a packed layer', async () => {
  const layers = [
    await layer({ 'usr/bin/yq': YQ, 'usr/bin/changed': YQ.replace('y', 'Y'), small: 'x' }),
    await layer({ 'opt/tool': TOOL }, true),
  ];
  const found = await downloadsLeft(blobs, layers, fetches);
  expect(found).toEqual([
    {
      path: 'opt/tool',
      layer: layers[1],
      digest: digestOf(TOOL),
      address: 'https://e.example/tool-1.2.3.bin',
      name: 'tool',
      version: '1.2.3',
      purl: `pkg:generic/tool@1.2.3?checksum=${digestOf(TOOL)}&download_url=https://e.example/tool-1.2.3.bin`,
    },
    {
      path: 'usr/bin/yq',
      layer: layers[0],
      digest: digestOf(YQ),
      address: RELEASE,
      name: 'mikefarah/yq',
      version: 'v4.44.1',
      purl: `pkg:github/mikefarah/yq@v4.44.1?checksum=${digestOf(YQ)}&download_url=${RELEASE}`,
    },
  ]);
  const input = {
    packages: [],
    osRelease: undefined,
    downloads: found,
    image: {
      name: 'app:1',
      digest: digestOf('image'),
      platform: { os: 'linux', architecture: 'amd64' },
    },
    created: '2026-01-01T00:00:00Z',
    toolVersion: '1',
  };
  const spdx = spdxDocument(input).packages.find(({ name }) => name === 'mikefarah/yq');
  expect(spdx).toMatchObject({
    versionInfo: 'v4.44.1',
    downloadLocation: RELEASE,
    checksums: [{ algorithm: 'SHA256', checksumValue: digestOf(YQ).slice('sha256:'.length) }],
    externalRefs: [{ referenceLocator: found[1]?.purl }],
  });
  const component = cyclonedxDocument(input).components.find(({ name }) => name === 'tool');
  expect(component).toMatchObject({
    type: 'file',
    version: '1.2.3',
    purl: found[0]?.purl,
    externalReferences: [{ type: 'distribution', url: 'https://e.example/tool-1.2.3.bin' }],
  });
});

test.each([
  ['a file removed', { 'a/.wh.yq': '' }],
  ['a file changed', { 'a/yq': 'other' }],
  ['its folder removed', { '.wh.a': '' }],
  ['its folder made again', { 'a/.wh..wh..opq': '' }],
  ['its folder made a file', { a: '' }],
  ['it made a folder', { 'a/yq/': '' }],
])('%s by a higher layer is not named', async (_, above) => {
  const layers = [await layer({ 'a/yq': YQ }), await layer(above)];
  expect(await downloadsLeft(blobs, layers, fetches)).toEqual([]);
});

test('what a higher layer does not touch stays, and the new place of a file counts', async () => {
  const layers = [
    await layer({ 'a/yq': YQ, 'ab/yq': YQ }),
    await layer({ 'a/': '', '.wh.ab': '', 'c/yq': YQ }),
  ];
  const found = await downloadsLeft(blobs, layers, fetches);
  expect(found.map(({ path }) => path)).toEqual(['a/yq', 'c/yq']);
});
