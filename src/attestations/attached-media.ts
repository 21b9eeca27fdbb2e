import { isBundleType, MEDIA_TYPE } from '../model/oci.ts';

export type AttachedForm =
  'bundle' | 'simple-signing' | 'dsse' | 'statement' | 'notation' | 'sbom' | 'document';

const SBOM =
  /^(?:application|text)\/(?:vnd\.cyclonedx|cyclonedx|spdx|vnd\.spdx)(?:\+json)?(?:;.*)?$/;
const NOTATION = new Set(['application/jose+json', 'application/cose']);
/** Types whose documents a criterion reads without a statement: security profiles and VEX. */
const DOCUMENT = /(?:seccomp|apparmor|selinux|security-?profile|openvex|vex\+json)/i;

/** Notary artifact type (notaryproject/specifications, signature-specification.md, "Storage"). */
export const NOTATION_ARTIFACT = 'application/vnd.cncf.notary.signature';

/**
 * The form of a blob, by its media type, else from the artifact type of the manifest that
 * lists it (config media type in images of older clients). Undefined for other kinds.
 * Parameters and letter case do not matter.
 */
export function attachedForm(
  mediaType: string,
  artifactType: string | undefined,
): AttachedForm | undefined {
  const own = mediaType.toLowerCase();
  const artifact = (artifactType ?? '').toLowerCase();
  if (isBundleType(own)) return 'bundle';
  if (own === MEDIA_TYPE.simpleSigning) return 'simple-signing';
  if (own === MEDIA_TYPE.dsse) return 'dsse';
  if (NOTATION.has(own) && artifact === NOTATION_ARTIFACT) return 'notation';
  if (own === MEDIA_TYPE.inToto || artifact === MEDIA_TYPE.inToto) return 'statement';
  if (isBundleType(artifact)) return 'bundle';
  if (SBOM.test(own) || SBOM.test(artifact)) return 'sbom';
  return DOCUMENT.test(own) || DOCUMENT.test(artifact) ? 'document' : undefined;
}
