import { attachedForm } from '../../attestations/attached-media.ts';
import {
  MAX_ATTACHED_BYTES,
  type ReadAttachment,
  readAttachedBlob,
} from '../../attestations/attachment-statement.ts';
import type { Digest } from '../../model/digest.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { inParallel } from '../../model/in-parallel.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { Attachment, Attachments, OpenedImage } from '../../model/opened-image.ts';
import type { FoundAttestation } from '../../model/statement.ts';

/** An attached blob that was read, and where it lies. */
export interface AttachedEvidence extends ReadAttachment {
  /** The blob's digest; of a BuildKit attestation the manifest's. */
  readonly digest: Digest;
  readonly attachment: Attachment;
  readonly blob: Descriptor;
}

/** All that hangs on an image and is evidence of any kind. */
export interface ReadAttachments {
  readonly found: readonly AttachedEvidence[];
  /** Blobs that claim to be evidence and could not be read, a reason each. */
  readonly unreadable: readonly { readonly digest: Digest; readonly reason: string }[];
  /** Why there may be more than was found, where that is so. */
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
