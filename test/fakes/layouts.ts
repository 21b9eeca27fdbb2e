import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished } from 'vitest';
import type { BlobStore } from '../../src/image/blob-store.ts';
import { UserError } from '../../src/lib/errors.ts';
import { type Descriptor, type ImageConfig, MEDIA_TYPE } from '../../src/model/image.ts';
import { type Digest, digestOf } from '../../src/model/reference.ts';
import { layerTar } from './tar-bytes.ts';

/** A folder that goes when the test ends. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'scoville-test-'));
  onTestFinished(() => {
    rmSync(dir, { recursive: true, force: true });
  });
  return dir;
}

export interface MadeImage {
  readonly manifest: Descriptor;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
}

/** Writes an image of gzipped layers, each given as files by path with their text. */
export async function makeImage(
  blobs: BlobStore,
  layers: readonly Readonly<Record<string, string>>[],
): Promise<MadeImage> {
  const tars = layers.map((files) => layerTar(files));
  const diffIds = tars.map((tar) => digestOf(tar));
  const stored = [];
  for (const tar of tars)
    stored.push({ mediaType: MEDIA_TYPE.layerGzip, ...(await blobs.write(gzipSync(tar))) });
  const config: ImageConfig = {
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: diffIds },
  };
  const configBlob = { mediaType: MEDIA_TYPE.config, ...(await writeJson(blobs, config)) };
  const manifest = await writeJson(blobs, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    config: configBlob,
    layers: stored,
  });
  const platform = { os: 'linux', architecture: 'amd64' };
  return {
    manifest: { mediaType: MEDIA_TYPE.manifest, ...manifest, platform },
    config: configBlob,
    layers: stored,
    diffIds,
  };
}

/** Writes an index of the manifests; gives its descriptor. */
export async function makeIndex(
  blobs: BlobStore,
  manifests: readonly Descriptor[],
): Promise<Descriptor> {
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
  return { mediaType: MEDIA_TYPE.index, ...(await writeJson(blobs, index)) };
}

export function writeJson(
  blobs: BlobStore,
  value: unknown,
): Promise<{ readonly digest: Digest; readonly size: number }> {
  return blobs.write(Buffer.from(JSON.stringify(value)));
}

/** All of a stream in one piece. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of stream) parts.push(chunk);
  return Buffer.concat(parts);
}

/** The error for the user that a promise ends in. */
export async function failure(promise: Promise<unknown>): Promise<UserError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  return error as UserError;
}

/** What BuildKit exports of an image of one layer, with an SBOM and its own provenance. */
export async function makeExport(blobs: BlobStore) {
  const image = await makeImage(blobs, [{ a: 'b' }]);
  const statement = async (predicateType: string): Promise<Descriptor> => ({
    mediaType: 'application/vnd.in-toto+json',
    ...(await writeJson(blobs, { predicateType })),
    annotations: { 'in-toto.io/predicate-type': predicateType },
  });
  const provenance = await statement('https://slsa.dev/provenance/v1');
  const sbom = await statement('https://spdx.dev/Document');
  const { mediaType, digest } = image.manifest;
  const attested = await writeJson(blobs, {
    schemaVersion: 2,
    mediaType,
    config: image.config,
    layers: [sbom, provenance],
  });
  const annotations = {
    'vnd.docker.reference.type': 'attestation-manifest',
    'vnd.docker.reference.digest': digest,
  };
  const exported = await makeIndex(blobs, [
    image.manifest,
    { mediaType, ...attested, annotations },
  ]);
  return { image, sbom, provenance, exported };
}
