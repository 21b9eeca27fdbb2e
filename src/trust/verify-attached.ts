import { messageOf, UserError } from '../lib/errors.ts';
import { field } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import type { Attachment, Attachments, Descriptor, OpenedImage } from '../model/image.ts';
import { type Digest, digestOf } from '../model/reference.ts';
import type { SignatureOrigin } from '../model/signature-origin.ts';
import type { FoundAttestation } from '../model/statement.ts';
import {
  attachedForm,
  MAX_ATTACHED_BYTES,
  readAttachedBlob,
  type ReadAttachment,
} from './attached.ts';
import { readBundle } from './bundle.ts';

export interface AttachedEvidence extends ReadAttachment {
  readonly digest: Digest;
  readonly attachment: Attachment;
  readonly blob: Descriptor;
}

export interface ReadAttachments {
  readonly found: readonly AttachedEvidence[];
  /** Blobs that claim to be evidence and could not be read, a reason each. */
  readonly unreadable: readonly { readonly digest: Digest; readonly reason: string }[];
  readonly incomplete: string | undefined;
}

const AT_ONCE = 4;
const MAX_BLOBS = 2000;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;

const PLACE: Readonly<Record<Attachment['kind'], FoundAttestation['source']>> = {
  referrer: 'bundle-referrer',
  'cosign-signature-tag': 'cosign-tag',
  'cosign-attestation-tag': 'cosign-tag',
  'buildkit-attestation': 'buildkit-manifest',
};

interface Wanted {
  readonly attachment: Attachment;
  readonly blob: Descriptor;
}

/**
 * Fetches and reads what hangs on the image: signatures, attestations, SBOM and profile documents,
 * each of at most 16 MiB, 256 MiB in all. One that cannot be read does not hide the others. Nothing
 * is verified here.
 */
export async function readAttachments(image: OpenedImage): Promise<ReadAttachments> {
  const attachments = await image.attachments();
  const wanted = wantedBlobs(attachments);
  const within = withinBounds(wanted);
  const reads: Read[] = [];
  await inParallel([...within.entries()], AT_ONCE, async ([at, { attachment, blob }]) => {
    reads[at] = await readOne(image, attachment, blob);
  });
  const failed = reads.flatMap((read) => (read.kind === 'found' ? [] : [read]));
  // What could not be fetched may be the very statement that is looked for.
  const missing = failed.find(({ kind }) => kind === 'missing')?.reason;
  const reasons = [
    attachments.complete ? undefined : attachments.reason,
    missing,
    within.length < wanted.length ? 'more hangs on the image than is read' : undefined,
  ];
  return {
    found: reads.flatMap((read) => (read.kind === 'found' ? [read.evidence] : [])),
    unreadable: failed.map(({ digest, reason }) => ({ digest, reason })),
    incomplete: reasons.find((reason) => reason !== undefined),
  };
}

function withinBounds(wanted: readonly Wanted[]): readonly Wanted[] {
  let total = 0;
  return wanted.slice(0, MAX_BLOBS).filter(({ blob }) => {
    total += blob.size;
    return total <= MAX_TOTAL_BYTES;
  });
}

/** Each blob once for each subject and annotations: a list may name one referrer twice. */
function wantedBlobs({ found }: Attachments): readonly Wanted[] {
  const wanted = found.flatMap((attachment) =>
    attachment.manifest.layers
      .filter((blob) => formOf(attachment, blob) !== undefined)
      .map((blob): Wanted => ({ attachment, blob })),
  );
  const key = ({ attachment, blob }: Wanted): string =>
    JSON.stringify([attachment.subject, blob.digest, blob.annotations]);
  return [...new Map(wanted.map((one) => [key(one), one])).values()];
}

/** The artifact type of an image-spec 1.0 artifact is its config's media type. */
function artifactTypeOf({ manifest }: Attachment): string | undefined {
  return manifest.artifactType ?? manifest.config.mediaType;
}

function formOf(attachment: Attachment, blob: Descriptor) {
  return attachedForm(blob.mediaType, artifactTypeOf(attachment));
}

type Read =
  | { readonly kind: 'found'; readonly evidence: AttachedEvidence }
  | {
      readonly kind: 'missing' | 'malformed';
      readonly digest: Digest;
      readonly reason: string;
    };

async function readOne(
  image: OpenedImage,
  attachment: Attachment,
  blob: Descriptor,
): Promise<Read> {
  const form = formOf(attachment, blob);
  const failed = (kind: 'missing' | 'malformed', reason: string): Read => ({
    kind,
    digest: blob.digest,
    reason,
  });
  if (form === undefined || blob.size > MAX_ATTACHED_BYTES)
    return failed('missing', `${blob.digest} is larger than ${MAX_ATTACHED_BYTES} bytes`);
  let bytes: Uint8Array;
  try {
    bytes = await image.readBlob(blob);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return failed('missing', messageOf(error));
  }
  const read = readAttachedBlob({
    form,
    bytes,
    mediaType: blob.mediaType,
    artifactType: artifactTypeOf(attachment),
    annotations: blob.annotations,
    place: PLACE[attachment.kind],
    hangsOn: attachment.subject,
  });
  if (!read.ok) return failed('malformed', read.error);
  // A document is known by the artifact that runtimes pull.
  const isWhole = attachment.kind === 'buildkit-attestation' || form === 'document';
  const digest = isWhole ? attachment.descriptor.digest : blob.digest;
  return { kind: 'found', evidence: { ...read.value, digest, attachment, blob } };
}

export interface CheckedAttachment {
  readonly evidence: AttachedEvidence;
  readonly verification: 'verified' | 'unverified' | 'failed';
  readonly verifiedBy?: string;
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

/**
 * Payload and signatures of an envelope that a key signed: nothing else decides whether it
 * verifies. An envelope about several parts of an image is attached to each of them, and under
 * cosign's tags as well. Undefined without an envelope, and where a certificate signed, since more
 * belongs to that.
 */
export function envelopeName({ proof }: AttachedEvidence): string | undefined {
  if (proof.kind !== 'statement' || proof.signedWith !== 'key') return undefined;
  const read = readBundle(proof.bundle);
  if (!read.ok) return undefined;
  const { payloadType, payload, signatures } = read.value.envelope ?? {};
  const values = Array.isArray(signatures) ? signatures.map((one) => field(one, 'sig')) : [];
  return digestOf(JSON.stringify([payloadType, payload, values]));
}

/** Each verified statement once, as a bundle if there is one; all copies of unverified ones. */
export function withoutCopies(checked: readonly CheckedAttachment[]): readonly CheckedAttachment[] {
  const names = new Map(checked.map((one) => [one, nameOf(one)]));
  const isBundle = ({ evidence }: CheckedAttachment): boolean =>
    evidence.attachment.kind === 'referrer';
  const first = new Map<string, CheckedAttachment>();
  for (const one of [...checked.filter(isBundle), ...checked.filter((c) => !isBundle(c))]) {
    const name = names.get(one);
    if (name !== undefined && !first.has(name)) first.set(name, one);
  }
  return checked.filter((one) => {
    const name = names.get(one);
    return name === undefined || first.get(name) === one;
  });
}

function nameOf({ evidence, verification }: CheckedAttachment): string | undefined {
  if (verification !== 'verified' || evidence.proof.kind !== 'statement') return undefined;
  return envelopeName(evidence) ?? evidence.blob.digest;
}
