import type { Evidence } from '../../model/criterion.ts';
import type { SignatureFact } from '../../model/facts.ts';
import { quantity } from '../../model/quantity.ts';
import { loggedText } from '../../model/signature-origin.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { fail, note, pass, unknown } from '../shared/verdict/verdict.ts';

/** An identity or issuer pattern that any signer satisfies: such a check proves nothing. */
const ANYONE = /(?:^|[\s=,'"])[\^(]*(?:\.[*+]\??|\.\{[01],\}|\[\\s\\S\][*+]|\*)[)$]*(?=$|[\s,'"])/;

function namesSigner({ verifiedBy }: SignatureFact): boolean {
  return verifiedBy !== undefined && verifiedBy.trim() !== '' && !ANYONE.test(verifiedBy);
}

function evidenceOf(signature: SignatureFact): Evidence {
  const against = signature.verifiedBy === undefined ? '' : ` against ${signature.verifiedBy}`;
  const detail = signature.detail === undefined ? '' : `: ${signature.detail}`;
  const { origin } = signature;
  const logged = origin === undefined ? '' : loggedText(origin);
  return {
    kind: 'attestation',
    predicateType: signature.kind,
    ...(signature.digest === undefined ? {} : { digest: signature.digest }),
    detail: `${signature.verification}${against}${detail}${logged === '' ? '' : `, ${logged}`}`,
    ...(origin === undefined ? {} : { origin }),
  };
}

const SIGN_INDEX = 'push an index of images alone, and sign it: cosign sign REPOSITORY@DIGEST';

export const signed = criterion({
  id: 'signed',
  title: 'Image signed',
  vector: 'provenance',
  level: 2,
  spec: '#sign-images',
  why: 'A signature proves who published the image, and that nobody changed it on the way.',
  needs: ['attestations'],
  decidedBy:
    'A cosign or notation signature for this image’s digest that verifies with the key or ' +
    'identity that the user names, or with this build’s own. A signature that cannot be ' +
    'verified is unknown. A signature that was checked and does not verify fails, and so ' +
    'does an image without a signature. Verification against any identity does not count. ' +
    'Neither does a signature where the index lists something that cannot be read as an ' +
    'image, since an engine may run it.',
  check: ({ attestations }) => {
    const { signatures, incomplete, settle: elsewhere, unsigned } = attestations;
    if (signatures.length === 0 && incomplete !== undefined)
      return unknown(`no signature was found, but ${incomplete}`, elsewhere);
    if (signatures.length === 0)
      return fail('no signature', [note('no cosign or notation signature is attached')], {
        source: 'image',
      });
    const evidence = signatures.map(evidenceOf);
    const verified = signatures.filter(({ verification }) => verification === 'verified');
    const good = verified.find(namesSigner);
    if (good !== undefined && unsigned !== undefined)
      return unknown(`a signature verifies, but ${unsigned}`, SIGN_INDEX, evidence);
    if (good !== undefined) return pass(`verified against ${good.verifiedBy ?? ''}`, evidence);
    const settle =
      'scoville grade --key FILE, or --certificate-identity with --certificate-oidc-issuer';
    if (verified.length > 0)
      return unknown(
        'verified against any identity or none, which proves no signer',
        settle,
        evidence,
      );
    if (signatures.every(({ verification }) => verification === 'failed'))
      return fail(`${quantity(signatures.length, 'signature')}, none verifies`, evidence, {
        source: 'image',
      });
    return unknown(
      `${quantity(signatures.length, 'signature')}, but no key or identity to verify with`,
      settle,
      evidence,
      'unverified-attestation',
    );
  },
  remedies: [
    {
      title: 'Sign the image',
      detail:
        'Build with scoville, which signs what it publishes, or sign the pushed digest with cosign or notation.',
      example: 'cosign sign --key cosign.key REPOSITORY@DIGEST',
    },
  ],
});
