import { byCodeUnit } from '../lib/text.ts';
import {
  type Annotations,
  type Descriptor,
  type Manifest,
  MEDIA_TYPE,
  REF_NAME,
} from '../model/image.ts';
import { type Digest, digestHex, digestOf } from '../model/reference.ts';
import type { BlobStore } from './blob-store.ts';

/**
 * The config of an artifact that needs none (image-spec, manifest.md, "Guidance for an Empty
 * Descriptor").
 */
const EMPTY_CONFIG = Buffer.from('{}');

interface Referrer {
  readonly bytes: Uint8Array;
  readonly descriptor: Descriptor;
}

/**
 * The referrer that carries a sigstore bundle, in the form that cosign 3 writes and cosign 2.5
 * reads with `--new-bundle-format`. The same bundle gives the same bytes. The caller stores the
 * manifest, the bundle and the empty config.
 */
function bundleReferrer({
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

export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** A manifest that is found by a tag made of its subject's digest. */
export interface TaggedManifest {
  readonly tag: string;
  readonly descriptor: Descriptor;
}

/**
 * What `cosign sign` signed before bundles (cosign, specs/SIGNATURE_SPEC.md, "Payload"). `cosign
 * verify` up to 2.x looks for nothing else. `name` is the repository with its registry, without a
 * tag.
 */
export function simpleSigningPayload(name: string, digest: Digest): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      critical: {
        identity: { 'docker-reference': name },
        image: { 'docker-manifest-digest': digest },
        type: 'cosign container image signature',
      },
      optional: null,
    }),
  );
}

/** A payload or an envelope, with what verifies it: a layer of a manifest that cosign tags. */
export interface TaggedLayer {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * A payload and what verifies it, as cosign keeps both (specs/SIGNATURE_SPEC.md, "Storage"): a
 * signature in base64, and for a certificate that with the log's answer.
 */
export function signatureLayer(payload: Uint8Array, annotations: Annotations): TaggedLayer {
  return {
    descriptor: { ...describe(MEDIA_TYPE.simpleSigning, payload), annotations },
    bytes: payload,
  };
}

/** An envelope as `cosign attest` kept it (specs/ATTESTATION_SPEC.md, "Storage"). */
export function envelopeLayer(layer: {
  readonly bytes: Uint8Array;
  readonly annotations: Annotations;
}): TaggedLayer {
  const { bytes, annotations } = layer;
  return { descriptor: { ...describe(MEDIA_TYPE.dsse, bytes), annotations }, bytes };
}

/**
 * Stores layers as the manifest that cosign before bundles finds by the tag `sha256-HEX.sig`
 * (signatures) or `sha256-HEX.att` (attestations).
 */
export async function writeTagged(
  blobs: BlobStore,
  subject: Digest,
  suffix: 'sig' | 'att',
  layers: readonly TaggedLayer[],
): Promise<TaggedManifest> {
  for (const { bytes } of layers) await blobs.write(bytes);
  const descriptors = layers.map(({ descriptor }) => descriptor);
  return {
    tag: `sha256-${digestHex(subject)}.${suffix}`,
    descriptor: await writeTaggedManifest(blobs, descriptors),
  };
}

export async function writeTaggedManifest(
  blobs: BlobStore,
  layers: readonly Descriptor[],
): Promise<Descriptor> {
  const { config, manifest } = taggedManifest(layers);
  for (const bytes of [config, manifest]) await blobs.write(bytes);
  return describe(MEDIA_TYPE.manifest, manifest);
}

/** The manifest over such layers, and its config; cosign takes the config for that of an image. */
export function taggedManifest(layers: readonly Descriptor[]): {
  readonly config: Uint8Array;
  readonly manifest: Uint8Array;
} {
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      created: '0001-01-01T00:00:00Z',
      os: '',
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      config: {},
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: describe(MEDIA_TYPE.config, config),
      layers,
    }),
  );
  return { config, manifest };
}

/** Identifies a layer under a tag: several people sign the same payload. */
function layerName({ digest, annotations }: Descriptor): string {
  const sorted = Object.entries(annotations ?? {}).sort(([a], [b]) => byCodeUnit(a, b));
  return JSON.stringify([digest, sorted]);
}

export function missingLayers(
  there: readonly Descriptor[],
  added: readonly Descriptor[],
): readonly Descriptor[] {
  const known = new Set(there.map(layerName));
  return added.filter((layer) => !known.has(layerName(layer)));
}

/** The entries of a layout's index.json that keep such manifests with their tags. */
export function taggedEntries(tagged: readonly TaggedManifest[]): readonly Descriptor[] {
  return tagged.map(({ tag, descriptor }) => ({ ...descriptor, annotations: { [REF_NAME]: tag } }));
}

export function readTaggedEntries(entries: readonly Descriptor[]): readonly TaggedManifest[] {
  return entries.flatMap(({ annotations, ...descriptor }) => {
    const tag = annotations?.[REF_NAME];
    return tag !== undefined && /^sha256-[0-9a-f]{64}\.(?:sig|att|sbom)$/.test(tag)
      ? [{ tag, descriptor }]
      : [];
  });
}
