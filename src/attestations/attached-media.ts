import { MEDIA_TYPE } from '../model/oci.ts';

/** What a blob that hangs on an image claims to be, by its media type or that of its manifest. */
export type AttachedForm =
  'bundle' | 'simple-signing' | 'dsse' | 'statement' | 'notation' | 'sbom' | 'document';

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.\d+\+json|\+json;version=0\.\d+)$/;
const SBOM =
  /^(?:application|text)\/(?:vnd\.cyclonedx|cyclonedx|spdx|vnd\.spdx)(?:\+json)?(?:;.*)?$/;
const NOTATION = new Set(['application/jose+json', 'application/cose']);
/** Types whose document a criterion reads without a statement around it: security profiles and VEX. */
const DOCUMENT = /(?:seccomp|apparmor|selinux|security-?profile|openvex|vex\+json)/i;

/** Media types of cosign before bundles (sigstore/cosign, specs/SIGNATURE_SPEC.md and ATTESTATION_SPEC.md). */
const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const DSSE = 'application/vnd.dsse.envelope.v1+json';

/** Notary Project's artifact type (notaryproject/specifications, signature-specification.md, "Storage"). */
export const NOTATION_ARTIFACT = 'application/vnd.cncf.notary.signature';

/**
 * Tells the form of a blob from its media type, else from the artifact type of the manifest that lists it (config media type in
 * images of older clients). Undefined for what is no evidence here. Parameters and letter case do not matter.
 */
export function attachedForm(
  mediaType: string,
  artifactType: string | undefined,
): AttachedForm | undefined {
  const own = mediaType.toLowerCase();
  const artifact = (artifactType ?? '').toLowerCase();
  if (isBundleType(own)) return 'bundle';
  if (own === SIMPLE_SIGNING) return 'simple-signing';
  if (own === DSSE) return 'dsse';
  if (NOTATION.has(own) && artifact === NOTATION_ARTIFACT) return 'notation';
  if (own === MEDIA_TYPE.inToto || artifact === MEDIA_TYPE.inToto) return 'statement';
  if (isBundleType(artifact)) return 'bundle';
  if (SBOM.test(own) || SBOM.test(artifact)) return 'sbom';
  return DOCUMENT.test(own) || DOCUMENT.test(artifact) ? 'document' : undefined;
}

/** True for the media types of sigstore bundles, v0.1 to v0.3 and those to come (protobuf-specs, sigstore_bundle.proto). */
export function isBundleType(mediaType: string): boolean {
  return BUNDLE.test(mediaType);
}
