import { digestOf } from '../model/digest.ts';
import { type Annotations, type Descriptor, type Manifest, MEDIA_TYPE } from '../model/oci.ts';
import type { BlobStore } from './blobs/blob-store.ts';

/**
 * The config of an artifact that needs none (image-spec, manifest.md, "Guidance for an Empty
 * Descriptor").
 */
const EMPTY_CONFIG = Buffer.from('{}');

/** A manifest that is about another, with its own descriptor as an index lists it. */
interface Referrer {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

/**
 * The referrer that carries a sigstore bundle, in the form that cosign 3 writes and cosign 2.5
 * reads with `--new-bundle-format`. The same bundle gives the same bytes. The caller stores the
 * manifest, the bundle and the empty config.
 */
export function bundleReferrer({
  subject,
  bundle,
  predicateType,
}: {
  readonly subject: Descriptor;
  readonly bundle: Uint8Array;
  readonly predicateType: string;
}): Referrer {
  const annotations: Annotations = {
    'dev.sigstore.bundle.content': 'dsse-envelope',
    'dev.sigstore.bundle.predicateType': predicateType,
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType: MEDIA_TYPE.sigstoreBundle,
    config: describe(MEDIA_TYPE.empty, EMPTY_CONFIG),
    layers: [describe(MEDIA_TYPE.sigstoreBundle, bundle)],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    annotations,
  } satisfies Manifest;
  const bytes = Buffer.from(JSON.stringify(manifest));
  const descriptor = describe(MEDIA_TYPE.manifest, bytes);
  return {
    bytes,
    descriptor: { ...descriptor, artifactType: MEDIA_TYPE.sigstoreBundle, annotations },
  };
}

/**
 * Stores an artifact that is about `subject` (KEP-6061, "OCI Artifact Format"; image-spec,
 * manifest.md, "Guidelines for Artifact Usage"): its type is `artifactType` and the config's media
 * type. `layer` is stored as it is under `title`; the caller stores the `others`. Gives its
 * descriptor.
 */
export async function writeArtifact(
  blobs: BlobStore,
  {
    subject,
    artifactType,
    layer,
    title,
    mediaType,
    others = [],
  }: {
    readonly subject: Descriptor;
    readonly artifactType: string;
    readonly layer: Uint8Array;
    readonly title: string;
    readonly mediaType: string;
    readonly others?: readonly Descriptor[];
  },
): Promise<Descriptor> {
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType,
    config: describe(artifactType, EMPTY_CONFIG),
    layers: [
      {
        ...describe(mediaType, layer),
        annotations: { 'org.opencontainers.image.title': title },
      },
      ...others,
    ],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
  } satisfies Manifest;
  const bytes = Buffer.from(JSON.stringify(manifest));
  for (const blob of [EMPTY_CONFIG, layer, bytes]) await blobs.write(blob);
  return { ...describe(MEDIA_TYPE.manifest, bytes), artifactType };
}

/** Stores a bundle's referrer and all it is made of; gives its descriptor. */
export async function writeBundleReferrer(
  blobs: BlobStore,
  options: Parameters<typeof bundleReferrer>[0],
): Promise<Descriptor> {
  const referrer = bundleReferrer(options);
  await blobs.write(EMPTY_CONFIG);
  await blobs.write(options.bundle);
  await blobs.write(referrer.bytes);
  return referrer.descriptor;
}

/** A descriptor of the bytes. */
export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
