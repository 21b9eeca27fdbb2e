import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  createReadStream,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFile, numbers, pools } from './content.mjs';
import { writeBaseContext } from './image.mjs';
import { tarWriter } from './tar-writer.mjs';

/** How layers are packed, and what unpacks them fastest of what everybody has: the floor. */
export const PACKINGS = {
  gzip: { pack: ['gzip', '-6', '-c'], unpack: ['zcat'], type: 'tar+gzip' },
  zstd: { pack: ['zstd', '-q', '-3', '-c'], unpack: ['zstd', '-q', '-dc'], type: 'tar+zstd' },
};

/** Writes an image of `size` into an OCI layout at `dir`, as no Docker is needed for it: large layers, and a small one that changes. */
export async function writeLayout(dir, size, packing) {
  const scratch = `${dir}-tars`;
  writeBaseContext(scratch, size);
  const tars = readdirSync(scratch).filter((name) => name.endsWith('.tar'));
  const layers = [];
  for (const name of tars.sort()) layers.push(await addLayer(dir, join(scratch, name), packing));
  rmSync(scratch, { recursive: true });
  return { dir, packing, layers };
}

/** The same image with another small layer on top: 200 files, about 2 MB. */
export async function changeLayout({ dir, packing, layers }, version) {
  const material = pools();
  const next = numbers(1000 + version);
  const path = `${dir}-small.tar`;
  const fd = openSync(path, 'w');
  const tar = tarWriter(fd);
  for (let i = 0; i < 200; i += 1)
    tar.add(`srv/src/f${i}.js`, 0o644, makeFile(material, next, 10_000).content);
  tar.end();
  closeSync(fd);
  const small = await addLayer(dir, path, packing);
  rmSync(path);
  writeDocuments(dir, [...layers, small]);
}

/** An image that is there already, as `docker save` and `tar -x` leave it, its layers gzip. */
export function realLayout(dir) {
  const folder = join(dir, 'blobs', 'sha256');
  const isGzip = (name) =>
    readFileSync(join(folder, name)).subarray(0, 2).toString('hex') === '1f8b';
  const layers = readdirSync(folder)
    .filter(isGzip)
    .map((name) => ({ blob: { digest: `sha256:${name}` } }));
  return { dir, packing: 'gzip', layers };
}

/** The paths of the large layers' blobs. */
export function blobPaths({ dir, layers }) {
  return layers.map(({ blob }) => blobPath(dir, blob.digest));
}

async function addLayer(dir, tar, packing) {
  const { pack, type } = PACKINGS[packing];
  mkdirSync(join(dir, 'blobs', 'sha256'), { recursive: true });
  const packed = `${tar}.packed`;
  const fd = openSync(packed, 'w');
  execFileSync(pack[0], [...pack.slice(1), tar], { stdio: ['ignore', fd, 'inherit'] });
  closeSync(fd);
  const digest = await digestOf(createReadStream(packed));
  const blob = {
    mediaType: `application/vnd.oci.image.layer.v1.${type}`,
    digest,
    size: statSync(packed).size,
  };
  copyFileSync(packed, `${blobPath(dir, digest)}.part`);
  renameSync(`${blobPath(dir, digest)}.part`, blobPath(dir, digest));
  rmSync(packed);
  return { blob, diffId: await digestOf(createReadStream(tar)) };
}

function writeDocuments(dir, layers) {
  const config = addJson(dir, 'application/vnd.oci.image.config.v1+json', {
    architecture: 'amd64',
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    config: { User: '1000', Cmd: ['/srv/src/main'] },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = addJson(dir, mediaType, {
    schemaVersion: 2,
    mediaType,
    config,
    layers: layers.map(({ blob }) => blob),
  });
  writeFileSync(join(dir, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const platform = { os: 'linux', architecture: 'amd64' };
  writeFileSync(
    join(dir, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, platform }] }),
  );
}

function addJson(dir, mediaType, value) {
  const bytes = Buffer.from(JSON.stringify(value));
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  writeFileSync(blobPath(dir, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

function blobPath(dir, digest) {
  return join(dir, 'blobs', 'sha256', digest.slice(7));
}

async function digestOf(chunks) {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return `sha256:${hash.digest('hex')}`;
}
