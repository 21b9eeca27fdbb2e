import type { SignatureOrigin } from '../../model/signature-origin.ts';
import type { ImageVerification } from '../../model/verification.ts';
import type { CheckedAttachment } from './checked-attachment.ts';

/** Who signed an image, and with what. A logged signature counts more than an unlogged one. */
export function signedBy(
  signed: readonly CheckedAttachment[],
): Pick<ImageVerification, 'signedBy' | 'signedWith'> {
  const one = signed.find(({ origin }) => origin !== undefined) ?? signed[0];
  if (one?.verifiedBy === undefined) return {};
  const { proof } = one.evidence;
  const kind =
    proof.kind === 'statement' || proof.kind === 'message' ? proof.signedWith : 'notation';
  return { signedBy: signerText(one.verifiedBy, one.origin), signedWith: { kind, ...one.origin } };
}

/** Who signed, and where a pattern was asked for, who fitted it. */
function signerText(verifiedBy: string, { identity }: SignatureOrigin = {}): string {
  if (identity === undefined) return verifiedBy;
  const name = `${identity.subject} (${identity.issuer})`;
  return verifiedBy.startsWith(name) ? verifiedBy : `${name}, which fits ${verifiedBy}`;
}

const EXPECTED = { provenance: 'provenance', SBOM: 'sbom', verdict: 'vsa' } as const;

/**
 * What no verified signature or statement says; `stated` gives those that cover the image, by type.
 * `isBare`: there is no signature at all, where otherwise none of those that are there verifies.
 */
export function missingOf(
  signed: readonly CheckedAttachment[],
  isBare: boolean,
  stated: (type: string) => readonly CheckedAttachment[],
): readonly string[] {
  const absent = Object.entries(EXPECTED).filter(([, type]) => stated(type).length === 0);
  const signature = isBare ? 'signature' : 'verified signature';
  return [...(signed.length === 0 ? [signature] : []), ...absent.map(([name]) => name)];
}
