import type { Digest } from '../../model/digest.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { SignatureOrigin } from '../../model/signature-origin.ts';
import type { AttachedEvidence, ReadAttachments } from './read-attachments.ts';

/** An attached blob, and what verifying it came to. */
export interface CheckedAttachment {
  readonly evidence: AttachedEvidence;
  readonly verification: 'verified' | 'unverified' | 'failed';
  /** Key, identity or policy that it was verified against. */
  readonly verifiedBy?: string;
  /** Why it is not verified. */
  readonly reason?: string;
  /** It could not be checked, though there was a signer to check against; it may verify later. */
  readonly isUnchecked?: boolean;
  /** Who signed by a certificate, where that is logged, and when; of what is verified. */
  readonly origin?: SignatureOrigin;
}

/** What signatures of this image may be about: the index or manifest of its name, its platforms. */
export function imageDescriptors(image: OpenedImage): readonly Descriptor[] {
  return [image.root, ...image.platforms.map(({ descriptor }) => descriptor)];
}

/** All manifests that the root lists, also unopened ones; none if the root is itself a manifest. */
export function partsOf({ index, platforms }: OpenedImage): readonly Digest[] {
  const opened = platforms.map(({ descriptor }) => descriptor.digest);
  return index === undefined ? [] : [...index.manifests.map(({ digest }) => digest), ...opened];
}

/** Documents that are about the image and not signatures, by their manifests. */
export function artifactsOf({ found }: ReadAttachments): readonly Descriptor[] {
  return found.flatMap(({ says, proof, attachment }) =>
    says.kind === 'statement' && proof.kind === 'none' && attachment.kind === 'referrer'
      ? [attachment.descriptor]
      : [],
  );
}

/**
 * A signature of an artifact's manifest, whose subject is the image, verifies the document in it;
 * it does not sign the image.
 */
export function withArtifacts(
  checked: readonly CheckedAttachment[],
  image: OpenedImage,
): readonly CheckedAttachment[] {
  const own = new Set(imageDescriptors(image).map(({ digest }) => digest));
  const isOfArtifact = ({ evidence: { attachment } }: CheckedAttachment): boolean =>
    !own.has(attachment.subject);
  const vouching = checked.filter(
    (one) =>
      isOfArtifact(one) &&
      one.verification === 'verified' &&
      one.evidence.says.kind === 'signature',
  );
  return checked
    .filter((one) => !isOfArtifact(one))
    .map((one) => {
      const { digest } = one.evidence.attachment.descriptor;
      const by =
        one.evidence.proof.kind === 'none'
          ? vouching.find(({ evidence }) => evidence.subjects.includes(digest))
          : undefined;
      return by === undefined
        ? one
        : {
            evidence: one.evidence,
            verification: 'verified',
            ...(by.verifiedBy === undefined ? {} : { verifiedBy: by.verifiedBy }),
          };
    });
}
