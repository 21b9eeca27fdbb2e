import { type Digest, digestHex } from '../model/digest.ts';
import { messageOf, UserError } from '../model/errors.ts';
import { inParallel } from '../model/in-parallel.ts';
import type { Manifest } from '../model/oci.ts';
import type { AttachedLists, Attachment, Attachments } from '../model/opened-image.ts';
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
  const gathering = new Gathering(place);
  const questions = subjects.flatMap((subject) => questionsOf(gathering, subject));
  await inParallel(questions, AT_ONCE, (ask) => ask());
  const inIndex = attestations.map((a): Found => ({
    kind: 'buildkit-attestation',
    subject: a.subject,
    descriptor: a.descriptor,
  }));
  const attached = await gathering.read(inIndex, subjects);
  const artifacts = attached.found.filter(isArtifact).map(({ descriptor }) => descriptor.digest);
  if (artifacts.length === 0) return attached;
  const second = new Gathering(place);
  const asked = artifacts.slice(0, MAX_ARTIFACTS);
  await inParallel(
    asked.flatMap((subject) => questionsOf(second, subject)),
    AT_ONCE,
    (ask) => ask(),
  );
  const { found } = await second.read([], asked);
  return { ...attached, found: [...attached.found, ...found] };
}

/** What may hang on a subject, one question each. */
function questionsOf(gathering: Gathering, subject: Digest): readonly (() => Promise<void>)[] {
  return [
    () => gathering.askReferrers(subject),
    ...TAGS.map(
      ([kind, suffix]) =>
        () =>
          gathering.askTag(kind, subject, `sha256-${digestHex(subject)}.${suffix}`),
    ),
  ];
}

/** A document as it is, not a signature: it has to be signed itself to count. */
function isArtifact({ kind, manifest }: Attachment): boolean {
  return (
    kind === 'referrer' && !SIGNATURES.test(manifest.artifactType ?? manifest.config.mediaType)
  );
}

class Gathering {
  readonly #place: AttachmentPlace;
  readonly #found: Found[] = [];
  #reason: string | undefined;
  #bytes = 0;

  constructor(place: AttachmentPlace) {
    this.#place = place;
  }

  askReferrers(subject: Digest): Promise<void> {
    return this.#try(async () => {
      for (const descriptor of await this.#place.referrers(subject))
        this.#found.push({ kind: 'referrer', subject, descriptor });
    });
  }

  askTag(kind: Attachment['kind'], subject: Digest, tag: string): Promise<void> {
    return this.#try(async () => {
      const descriptor = await this.#place.tagged(tag);
      if (descriptor !== undefined) this.#found.push({ kind, subject, descriptor });
    });
  }

  /** Reads the manifests of all that was found, in an order independent of who answered first. */
  async read(inIndex: readonly Found[], subjects: readonly Digest[]): Promise<Attachments> {
    const order = (found: Found): string =>
      `${String(subjects.indexOf(found.subject)).padStart(6, '0')} ${found.kind} ${found.descriptor.digest}`;
    const wanted = [...unique([...this.#found, ...inIndex])].sort((a, b) =>
      order(a) < order(b) ? -1 : 1,
    );
    if (wanted.length > MAX_FOUND)
      this.#incomplete(`more than ${MAX_FOUND} signatures and attestations are there`);
    const read = new Map<Found, Attachment>();
    await inParallel(wanted.slice(0, MAX_FOUND), AT_ONCE, (found) =>
      this.#try(async () => {
        const manifest = await this.#manifest(found);
        if (manifest !== undefined) read.set(found, { ...found, manifest });
      }),
    );
    const found = wanted.flatMap((one) => read.get(one) ?? []);
    return this.#reason === undefined
      ? { complete: true, found }
      : { complete: false, found, reason: this.#reason };
  }

  async #manifest({ kind, subject, descriptor }: Found): Promise<Manifest | undefined> {
    const bytes = await this.#place.read(descriptor, MAX_DOCUMENT_BYTES);
    if (bytes === undefined)
      throw new UserError(`attached manifest ${descriptor.digest} is missing`);
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_TOTAL_BYTES)
      throw new UserError('signatures and attestations have more than 64 MiB of manifests');
    const manifest = manifestIn(bytes, descriptor.digest);
    // A list may name anything as a referrer; what counts is what the manifest itself says that it
    // is about.
    return kind === 'referrer' && manifest?.subject?.digest !== subject ? undefined : manifest;
  }

  async #try(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#incomplete(messageOf(error));
    }
  }

  #incomplete(reason: string): void {
    this.#reason ??= reason;
  }
}

/** Only an image manifest holds a signature or attestation; an index may have a subject too. */
function manifestIn(bytes: Uint8Array, digest: Digest): Manifest | undefined {
  try {
    return parseManifest(bytes, digest);
  } catch {
    return undefined;
  }
}

function unique(found: readonly Found[]): Iterable<Found> {
  const key = ({ kind, subject, descriptor }: Found): string =>
    `${kind} ${subject} ${descriptor.digest}`;
  return new Map(found.map((one) => [key(one), one])).values();
}
