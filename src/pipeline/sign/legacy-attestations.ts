import { legacyEnvelope } from '../../attestations/legacy-layer.ts';
import type { Digest } from '../../model/digest.ts';
import { PREDICATE_TYPE } from '../../model/statement.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { parseManifest } from '../../oci/documents.ts';
import {
  envelopeLayer,
  type TaggedLayer,
  type TaggedManifest,
  writeTagged,
} from '../../oci/legacy-signature.ts';
import type { SignedStatement } from './sign-statements.ts';
import type { Signer } from './signer.ts';

const MAX_BUNDLE = 64 * 1024 * 1024;

/**
 * What was signed as bundles, also as cosign before bundles and what builds on it look for it:
 * under `sha256-HEX.att`, the same envelopes. What that form cannot say is left out.
 */
export async function legacyAttestations(
  blobs: BlobStore,
  signed: readonly SignedStatement[],
  signer: Signer | undefined,
): Promise<readonly TaggedManifest[]> {
  const authorities = signer?.kind === 'keyless' ? await signer.session.authorities() : [];
  const layers = new Map<Digest, TaggedLayer[]>();
  for (const { predicateType, subjects, referrers } of signed) {
    if (predicateType === PREDICATE_TYPE.cosignSign) continue;
    for (const [at, subject] of subjects.entries()) {
      const referrer = referrers[at];
      const [bundle] =
        referrer === undefined
          ? []
          : parseManifest(await blobs.readDocument(referrer), referrer.digest).layers;
      if (bundle === undefined) continue;
      const bytes = await blobs.read(bundle.digest, MAX_BUNDLE);
      const layer = legacyEnvelope(bytes, predicateType, authorities);
      if (layer !== undefined)
        layers.set(subject, [...(layers.get(subject) ?? []), envelopeLayer(layer)]);
    }
  }
  return Promise.all(
    [...layers].map(([subject, list]) => writeTagged(blobs, subject, 'att', list)),
  );
}
