import { type Digest, digestHex } from '../model/digest.ts';
import { type Descriptor, MEDIA_TYPE } from '../model/oci.ts';
import type { BlobStore } from './blobs/blob-store.ts';
import { describe } from './referrers.ts';

const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** A manifest that is found by a tag made of its subject's digest. */
export interface TaggedManifest {
  readonly tag: string;
  readonly descriptor: Descriptor;
}

/**
 * What `cosign sign` signed before bundles (cosign, specs/SIGNATURE_SPEC.md, "Payload"). `cosign verify` up to 2.x looks for nothing
 * else. `name` is the repository with its registry, without a tag.
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

/**
 * Stores payload and base64 signature as the manifest that old cosign finds by the tag `sha256-HEX.sig` (specs/SIGNATURE_SPEC.md,
 * "Storage").
 */
export async function writeLegacySignature(
  blobs: BlobStore,
  signed: { readonly subject: Digest; readonly payload: Uint8Array; readonly signature: string },
): Promise<TaggedManifest> {
  const { subject, payload, signature } = signed;
  const layer = describe(SIMPLE_SIGNING, payload);
  const config = Buffer.from(
    JSON.stringify({
      architecture: '',
      created: '0001-01-01T00:00:00Z',
      os: '',
      rootfs: { type: 'layers', diff_ids: [layer.digest] },
      config: {},
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: describe(MEDIA_TYPE.config, config),
      layers: [{ ...layer, annotations: { 'dev.cosignproject.cosign/signature': signature } }],
    }),
  );
  for (const bytes of [payload, config, manifest]) await blobs.write(bytes);
  return {
    tag: `sha256-${digestHex(subject)}.sig`,
    descriptor: describe(MEDIA_TYPE.manifest, manifest),
  };
}

const REF_NAME = 'org.opencontainers.image.ref.name';

/** The entries of a layout's index.json that keep such manifests with their tags. */
export function taggedEntries(tagged: readonly TaggedManifest[]): readonly Descriptor[] {
  return tagged.map(({ tag, descriptor }) => ({ ...descriptor, annotations: { [REF_NAME]: tag } }));
}

/** Those of a layout's entries that `taggedEntries` made. */
export function readTaggedEntries(entries: readonly Descriptor[]): readonly TaggedManifest[] {
  return entries.flatMap(({ annotations, ...descriptor }) => {
    const tag = annotations?.[REF_NAME];
    return tag !== undefined && /^sha256-[0-9a-f]{64}\.sig$/.test(tag) ? [{ tag, descriptor }] : [];
  });
}
