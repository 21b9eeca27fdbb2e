import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import type { LayerFacts } from '../../src/facts/layer-facts.ts';
import { collectLayer, foldLayers, type ImageContent } from '../../src/facts/layer-files.ts';
import { walkLayer, type WalkLimits } from '../../src/image/walk/layer-walk.ts';
import { MEDIA_TYPE, type TarEntry } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { chunksOf, entry, tarOf } from '../fakes/tar-bytes.ts';

export interface WalkOptions {
  readonly chunk?: number;
  readonly limits?: Partial<WalkLimits>;
}

/** The facts of a blob as every collector has them; throws what the walk throws. */
export async function factsOf(
  blob: Uint8Array,
  { chunk = 65_536, limits = {} }: WalkOptions = {},
): Promise<LayerFacts> {
  const collection = collectLayer();
  await walkLayer({
    open: () => chunksOf(blob, chunk),
    mediaType: MEDIA_TYPE.layerGzip,
    collectors: collection.collectors,
    expectedDigest: digestOf(blob),
    limits,
  });
  return collection.facts();
}

/** The image that blobs make, lowest first. */
export async function imageOf(...blobs: readonly Uint8Array[]): Promise<ImageContent> {
  const layers = [];
  for (const blob of blobs) layers.push({ digest: digestOf(blob), facts: await factsOf(blob) });
  return foldLayers(layers);
}

export interface Item extends Partial<TarEntry> {
  content?: string | Uint8Array;
}

export function archive(items: readonly Item[]): Buffer {
  return tarOf(
    items.map(({ content = '', ...fields }) => {
      const bytes = Buffer.from(content);
      return { entry: entry({ size: bytes.length, ...fields }), content: bytes };
    }),
  );
}

const ELF = Buffer.concat([Buffer.from('7f454c4602010100', 'hex'), Buffer.alloc(600)]);
const JAR = zipSync({
  'META-INF/MANIFEST.MF': Buffer.from('Implementation-Title: a\nImplementation-Version: 1.0\n'),
  'META-INF/maven/g/a/pom.properties': Buffer.from('groupId=g\nartifactId=a\nversion=1.0\n'),
  'lib/inner.jar': zipSync({ 'META-INF/MANIFEST.MF': Buffer.from('Bundle-Version: 2\n') }),
});

/** A little of everything that a collector reads. */
export const EVERYTHING: readonly Item[] = [
  { name: './', type: 'directory', mode: 0o755 },
  { name: 'etc/os-release', content: 'ID=debian\nVERSION_ID="13"\n' },
  { name: 'etc/passwd', content: 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/:/bin/sh\n' },
  {
    name: 'var/lib/dpkg/status',
    content:
      'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.41-12\n\n',
  },
  { name: 'var/lib/dpkg/info/libc6.list', content: '/.\n/usr/bin/tool\n' },
  { name: 'lib/apk/db/installed', content: 'P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n\n' },
  { name: 'app/node_modules/a/package.json', content: '{"name":"a","version":"1.0.0"}' },
  {
    name: 'usr/lib/python3/dist-packages/b-2.0.dist-info/METADATA',
    content: 'Metadata-Version: 2.1\nName: b\nVersion: 2.0\n',
  },
  { name: 'app/lib/a.jar', content: JAR },
  { name: 'app/composer/installed.json', content: '{"packages":[{"name":"v/c","version":"1"}]}' },
  { name: 'usr/bin/tool', mode: 0o4755, content: ELF },
  { name: 'usr/bin/script', mode: 0o755, content: '#!/bin/sh\necho\n' },
  { name: 'usr/bin/other', type: 'hardlink', linkname: 'usr/bin/tool', mode: 0o4755 },
  { name: 'bin', type: 'symlink', linkname: 'usr/bin' },
  { name: 'etc/.wh.gone' },
  { name: 'opt/.wh..wh..opq' },
  { name: 'root/.npmrc', content: '//registry.npmjs.org/:_authToken=aB3dEf7hIj1LmN0pQr5t\n' },
  { name: 'dev/null', type: 'char', devmajor: 1, devminor: 3 },
  {
    name: `${'long/'.repeat(40)}name`,
    content: 'text',
    pax: { 'SCHILY.xattr.security.capability': '\x01\0\0\x02\0\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0' },
  },
];

export const EVERYTHING_TAR = archive(EVERYTHING);
export const EVERYTHING_GZIP = gzipSync(EVERYTHING_TAR);

/**
 * Gives each header block of an archive a right checksum, so that damage reaches what lies behind
 * that check.
 */
export function withChecksums(tar: Uint8Array): Buffer {
  const bytes = Buffer.from(tar);
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    const block = bytes.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    block.fill(0x20, 148, 156);
    const sum = block.reduce((a, b) => a + b, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
  return bytes;
}
