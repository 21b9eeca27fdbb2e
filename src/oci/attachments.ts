import { type Digest, digestHex } from '../model/digest.ts';
import { messageOf, UserError } from '../model/errors.ts';
import { inParallel } from '../model/in-parallel.ts';
import type { Manifest } from '../model/oci.ts';
import type { AttachedLists, Attachment, Attachments } from '../model/opened-image.ts';
import { byName } from '../model/order.ts';
import type { ReadDocument } from './blobs/blob-source.ts';
import { MAX_DOCUMENT_BYTES, parseManifest } from './documents.ts';
import type { AttestationManifest } from './image-index.ts';

/** Where a place keeps what hangs on an image. Each throws where it cannot be asked. */
export interface AttachmentPlace extends AttachedLists {
  readonly read: ReadDocument;
}

const MAX_FOUND = 1000;
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 6;
/** Artifacts whose signatures are looked up: an image has one or two. */
const MAX_ARTIFACTS = 10;
/** Types of what is a signature or holds one. */
const SIGNATURES = /sigstore|cosign|notary|in-toto|dsse/i;
const TAGS = [
  ['cosign-signature-tag', 'sig'],
  ['cosign-attestation-tag', 'att'],
] as const;

type Found = Omit<Attachment, 'manifest'>;

/**
 * Everything that hangs on the subjects: referrers, cosign's tags, and BuildKit's attestation
 * manifests that the index lists. Of an artifact among them also what hangs on it, since an
 * artifact is signed as an image is. Never throws for a place that cannot be asked: the answer then
 * is not complete, and says why.
 */
export async function gatherAttachments(
  place: AttachmentPlace,
  subjects: readonly Digest[],
  attestations: readonly AttestationManifest[],
): Promise<Attachments> {
  const inIndex = attestations.map(({ subject, descriptor }): Found => ({
    kind: 'buildkit-attestation',
    subject,
    descriptor,
  }));
  const attached = await gather(place, subjects, inIndex);
  const artifacts = attached.found.filter(isArtifact).map(({ descriptor }) => descriptor.digest);
  if (artifacts.length === 0) return attached;
  const { found } = await gather(place, artifacts.slice(0, MAX_ARTIFACTS), []);
  return { ...attached, found: [...attached.found, ...found] };
}

/** A document as it is, not a signature: it has to be signed itself to count. */
function isArtifact({ kind, manifest }: Attachment): boolean {
  return (
    kind === 'referrer' && !SIGNATURES.test(manifest.artifactType ?? manifest.config.mediaType)
  );
}

async function gather(
  place: AttachmentPlace,
  subjects: readonly Digest[],
  inIndex: readonly Found[],
): Promise<Attachments> {
  let reason: string | undefined;
  const orIncomplete = async (step: () => Promise<void>): Promise<void> => {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      reason ??= messageOf(error);
    }
  };
  const all = [...inIndex];
  const questions = subjects.flatMap((subject) => [
    async () => {
      for (const descriptor of await place.referrers(subject))
        all.push({ kind: 'referrer', subject, descriptor });
    },
    ...TAGS.map(([kind, suffix]) => async () => {
      const descriptor = await place.tagged(`sha256-${digestHex(subject)}.${suffix}`);
      if (descriptor !== undefined) all.push({ kind, subject, descriptor });
    }),
  ]);
  await inParallel(questions, AT_ONCE, orIncomplete);
  // In an order that does not depend on who answered first.
  const order = ({ kind, subject, descriptor }: Found): string =>
    `${String(subjects.indexOf(subject)).padStart(6, '0')} ${kind} ${descriptor.digest} ${subject}`;
  const wanted = byName(new Map(all.map((one) => [order(one), one]))).map(([, one]) => one);
  if (wanted.length > MAX_FOUND)
    reason ??= `more than ${MAX_FOUND} signatures and attestations are there`;
  const read = new Map<Found, Attachment>();
  let bytes = 0;
  await inParallel(wanted.slice(0, MAX_FOUND), AT_ONCE, (one) =>
    orIncomplete(async () => {
      const { kind, subject, descriptor } = one;
      const document = await place.read(descriptor, MAX_DOCUMENT_BYTES);
      if (document === undefined)
        throw new UserError(`attached manifest ${descriptor.digest} is missing`);
      bytes += document.length;
      if (bytes > MAX_TOTAL_BYTES)
        throw new UserError('signatures and attestations have more than 64 MiB of manifests');
      const manifest = manifestIn(document, descriptor.digest);
      // A list may name anything as a referrer; what counts is what the manifest itself says that
      // it is about.
      const isAbout = kind !== 'referrer' || manifest?.subject?.digest === subject;
      if (manifest !== undefined && isAbout) read.set(one, { ...one, manifest });
    }),
  );
  const found = wanted.flatMap((one) => read.get(one) ?? []);
  return reason === undefined ? { complete: true, found } : { complete: false, found, reason };
}

/** Only an image manifest holds a signature or attestation; an index may have a subject too. */
function manifestIn(bytes: Uint8Array, digest: Digest): Manifest | undefined {
  try {
    return parseManifest(bytes, digest);
  } catch {
    return undefined;
  }
}
