import type { Digest } from '../../model/digest.ts';
import {
  type AttestationsFact,
  type Fact,
  known,
  type SignatureFact,
  unknownFact,
} from '../../model/facts.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { type FoundAttestation, isAboutPlatform } from '../../model/statement.ts';
import { type CheckedAttachment, imageDescriptors, partsOf } from '../verify/checked-attachment.ts';
import { withoutCopies } from '../verify/same-envelope.ts';
import { namesake, unreadEntry } from '../verify/verify-attachments.ts';

const SETTLE = 'scoville grade registry:IMAGE';

/**
 * What hangs on one platform of an image, as the criteria read it: what is about its manifest or
 * about the index that lists it, and what is about no part of this image at all, which they have to
 * see. What is about another platform is left out. A place that keeps no signatures may keep
 * BuildKit's attestations all the same.
 */
export function attestationsFact(
  image: OpenedImage,
  platform: Digest,
  checked: readonly CheckedAttachment[],
  incomplete: string | undefined,
): Fact<AttestationsFact> {
  const all = new Set(imageDescriptors(image).map(({ digest }) => digest));
  const concerns = ({ evidence: { subjects } }: CheckedAttachment): boolean =>
    isAboutPlatform(subjects, { root: image.root.digest, platform }, partsOf(image)) ||
    !subjects.some((subject) => all.has(subject));
  const own = withoutCopies(checked.filter(concerns));
  if (incomplete !== undefined && own.length === 0) return unknownFact(incomplete, SETTLE);
  const value: AttestationsFact = {
    signatures: own.flatMap(signatureOf),
    attestations: own.flatMap(attestationOf),
    ...(incomplete === undefined ? {} : { incomplete }),
    ...(image.withoutAttachments === undefined ? {} : { settle: SETTLE }),
    ...unsignedParts(image, own),
  };
  return known(value, sourceOf(own));
}

/** Nobody vouches for what cannot be read; for what is elsewhere, only a signature of the index. */
function unsignedParts(
  { root, unread, namesakes = [], absent }: OpenedImage,
  own: readonly CheckedAttachment[],
): Pick<AttestationsFact, 'unsigned'> {
  const [unanswered] = [...unread.map(unreadEntry), ...namesakes.map(namesake)];
  if (unanswered !== undefined) return { unsigned: unanswered };
  const isOfIndex = own.some(
    ({ evidence: { says, subjects }, verification }) =>
      says.kind === 'signature' && verification === 'verified' && subjects.includes(root.digest),
  );
  return absent.length === 0 || isOfIndex
    ? {}
    : {
        unsigned:
          'the index lists images that are not here, and no signature of the index verifies',
      };
}

function signatureOf({ evidence, ...check }: CheckedAttachment): readonly SignatureFact[] {
  const { says, digest } = evidence;
  if (says.kind !== 'signature') return [];
  const { verification, verifiedBy, reason, origin } = check;
  return [
    {
      kind: says.form,
      verification,
      ...(verifiedBy === undefined ? {} : { verifiedBy }),
      digest,
      ...(reason === undefined ? {} : { detail: reason }),
      ...(origin === undefined ? {} : { origin }),
    },
  ];
}

/** A statement that was checked, as the criteria read it; none for a signature. */
export function attestationOf({
  evidence,
  ...check
}: CheckedAttachment): readonly FoundAttestation[] {
  const { says, digest, subjects } = evidence;
  if (says.kind !== 'statement') return [];
  const { verification, verifiedBy } = check;
  return [
    {
      predicateType: says.predicateType,
      predicate: says.predicate,
      subjects,
      source: says.source,
      verification,
      ...(verifiedBy === undefined ? {} : { verifiedBy }),
      digest,
    },
  ];
}

function sourceOf(
  own: readonly CheckedAttachment[],
): 'verified-attestation' | 'unverified-attestation' {
  const isVerified = ({ verification }: CheckedAttachment): boolean => verification === 'verified';
  // One that verifies is what a verdict rests on; others hang beside it, of other keys. Each
  // statement carries its own.
  return own.some(isVerified) ? 'verified-attestation' : 'unverified-attestation';
}
