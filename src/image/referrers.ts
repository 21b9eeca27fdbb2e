import { given } from '../lib/json.ts';
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

interface Artifact {
  readonly subject: Descriptor;
  readonly artifactType: string;
  /** Default: the artifact's own. */
  readonly configType?: string;
  readonly layer: Uint8Array;
  readonly mediaType: string;
  readonly title?: string;
  readonly annotations?: Annotations;
  /** Layers that the caller stores. */
  readonly others?: readonly Descriptor[];
}

/**
 * Stores an artifact that is about `subject` (KEP-6061, "OCI Artifact Format"; image-spec,
 * manifest.md, "Guidelines for Artifact Usage"), and its `layer` as it is, under `title`. Gives its
 * descriptor, as lists of referrers name it. The same layer gives the same bytes.
 */
export async function writeArtifact(blobs: BlobStore, of: Artifact): Promise<Descriptor> {
  const { subject, artifactType, layer, title, others = [] } = of;
  const annotations = given({ annotations: of.annotations });
  const about =
    title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } };
  const manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.manifest,
    artifactType,
    config: describe(of.configType ?? artifactType, EMPTY_CONFIG),
    layers: [{ ...describe(of.mediaType, layer), ...about }, ...others],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    ...annotations,
  } satisfies Manifest;
  const bytes = Buffer.from(JSON.stringify(manifest));
  for (const blob of [EMPTY_CONFIG, layer, bytes]) await blobs.write(blob);
  return { ...describe(MEDIA_TYPE.manifest, bytes), artifactType, ...annotations };
}

/**
 * Stores the artifact with a sigstore bundle, in the form that cosign 3 writes and cosign 2.5 reads
 * with `--new-bundle-format`. Gives its descriptor.
 */
export function writeBundleReferrer(
  blobs: BlobStore,
  of: {
    readonly subject: Descriptor;
    readonly bundle: Uint8Array;
    readonly predicateType: string;
  },
): Promise<Descriptor> {
  return writeArtifact(blobs, {
    subject: of.subject,
    artifactType: MEDIA_TYPE.sigstoreBundle,
    configType: MEDIA_TYPE.empty,
    layer: of.bundle,
    mediaType: MEDIA_TYPE.sigstoreBundle,
    annotations: {
      'dev.sigstore.bundle.content': 'dsse-envelope',
      'dev.sigstore.bundle.predicateType': of.predicateType,
    },
  });
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
