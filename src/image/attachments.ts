import { messageOf, UserError } from '../lib/errors.ts';
import { inParallel } from '../lib/parallel.ts';
import { byName } from '../lib/text.ts';
import type {
  AttachedLists,
  Attachment,
  Attachments,
  Content,
  Descriptor,
  Manifest,
  OpenedImage,
} from '../model/image.ts';
import { type Digest, digestHex } from '../model/reference.ts';
import { type ReadDocument, required } from './blob-store.ts';
import { MAX_DOCUMENT_BYTES, parseManifest, parseManifestOrIndex } from './documents.ts';
import { type AttestationManifest, reachable } from './image-index.ts';
import { type DocumentOptions, openDocuments } from './opened-documents.ts';
import type { TaggedManifest } from './referrers.ts';

/** Where a place keeps what hangs on an image. Each throws where it cannot be asked. */
export interface AttachmentPlace extends AttachedLists {
  readonly read: ReadDocument;
}

/** An image has a dozen; a list of more is none to be copied unseen. */
const MAX_FOUND = 1000;
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 6;
/** Artifacts whose signatures are looked up: an image has one or two. */
const MAX_ARTIFACTS = 10;
/** Types of signatures and of what contains them. */
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

/** Only image manifests contain signatures or attestations. An index may have a subject too. */
function manifestIn(bytes: Uint8Array, digest: Digest): Manifest | undefined {
  try {
    return parseManifest(bytes, digest);
  } catch {
    return undefined;
  }
}

export interface AttachedClosure {
  /** As a list of referrers names them. */
  readonly referrers: readonly { readonly subject: Digest; readonly descriptor: Descriptor }[];
  readonly tagged: readonly TaggedManifest[];
}

/** Of cosign's before bundles: signatures, attestations, and what `cosign attach sbom` wrote. */
const SUFFIXES = ['sig', 'att', 'sbom'] as const;

/**
 * Finds what hangs on any of `subjects` in a place, on what hangs there, and so on: by lists of
 * referrers and by cosign's tags. What a list names counts where its manifest says itself that it
 * is about the subject. Throws UserError where the place cannot be asked or lacks what it lists: a
 * part is not given for the whole.
 */
export async function attachedClosure(
  { content, lists }: { readonly content: Content; readonly lists: AttachedLists },
  subjects: readonly Digest[],
): Promise<AttachedClosure> {
  const referrers = new Map<Digest, AttachedClosure['referrers'][number]>();
  const tagged = new Map<string, TaggedManifest>();
  const asked = new Set<Digest>();
  let next: readonly Digest[] = [...new Set(subjects)];
  while (next.length > 0) {
    for (const subject of next) asked.add(subject);
    const found: Descriptor[] = [];
    await inParallel(questions(next), AT_ONCE, async ({ subject, suffix }) => {
      if (suffix === undefined) {
        const all = await lists.referrers(subject);
        // Each of them costs a request.
        if (all.length > MAX_FOUND) throw tooMany();
        for (const listed of all) {
          const referrer = await asListed(content, listed, subject);
          if (referrer === undefined) continue;
          referrers.set(referrer.digest, { subject, descriptor: referrer });
          found.push(referrer);
        }
        return;
      }
      const tag = `sha256-${digestHex(subject)}.${suffix}`;
      const descriptor = await lists.tagged(tag);
      if (descriptor === undefined) return;
      tagged.set(tag, { tag, descriptor });
      found.push(descriptor);
    });
    if (referrers.size + tagged.size > MAX_FOUND) throw tooMany();
    const { manifests } = await reachable(content, found);
    next = manifests.map(({ digest }) => digest).filter((digest) => !asked.has(digest));
  }
  // In an order that does not depend on who answered first.
  const inOrder = <T>(all: ReadonlyMap<string, T>): readonly T[] =>
    byName(all).map(([, one]) => one);
  return { referrers: inOrder(referrers), tagged: inOrder(tagged) };
}

function tooMany(): UserError {
  return new UserError(`more than ${MAX_FOUND} signatures and attestations hang on the image`);
}

interface Question {
  readonly subject: Digest;
  /** The list of referrers where there is none. */
  readonly suffix?: (typeof SUFFIXES)[number];
}

function questions(subjects: readonly Digest[]): readonly Question[] {
  return subjects.flatMap((subject) => [
    { subject },
    ...SUFFIXES.map((suffix) => ({ subject, suffix })),
  ]);
}

/**
 * A referrer as lists have to name it, by its own manifest (distribution-spec, "Listing
 * Referrers"); undefined where it is about something else.
 */
async function asListed(
  content: Content,
  { mediaType, digest, size }: Descriptor,
  about: Digest,
): Promise<Descriptor | undefined> {
  const bytes = await content.readDocument({ mediaType, digest, size });
  const document = parseManifestOrIndex(bytes, mediaType, digest);
  const { subject, artifactType, annotations, ...own } =
    document.kind === 'index' ? document.index : document.manifest;
  if (subject?.digest !== about) return undefined;
  const type =
    artifactType ?? (document.kind === 'index' ? undefined : document.manifest.config.mediaType);
  return {
    mediaType: own.mediaType ?? mediaType,
    digest,
    size,
    ...(type === undefined ? {} : { artifactType: type }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

type OfDocuments = Omit<OpenedImage, 'place' | 'openLayer' | 'hasLayer' | 'close'>;

/**
 * Opens the documents that the root points to. Attachments are looked for at `place`, once, when
 * they are asked for. Throws UserError where a document is missing, damaged, or no container image.
 */
export async function openRoot(
  root: Descriptor,
  options: DocumentOptions,
  place: AttachmentPlace,
): Promise<OfDocuments> {
  const { attestations, ...documents } = await openDocuments(root, options);
  const subjects = new Set([root.digest, ...documents.platforms.map((p) => p.descriptor.digest)]);
  let attached: ReturnType<typeof gatherAttachments> | undefined;
  return {
    name: options.name,
    root,
    ...documents,
    readBlob: required(options.read, options.name),
    attachments: () => (attached ??= gatherAttachments(place, [...subjects], attestations)),
  };
}

/** A layer whose bytes its place lacks. Facts that need its contents are unknown. */
export class MissingLayerError extends UserError {
  /** True where the layer was never meant to be there: its `urls` name somebody else's server. */
  readonly foreign: boolean;

  constructor(layer: Descriptor, place: string, cause?: unknown) {
    const foreign = isForeign(layer);
    super(
      foreign
        ? `layer ${layer.digest} is foreign (non-distributable) and ${place} does not contain it; the address it names is not asked`
        : `${place} lacks layer ${layer.digest}`,
      {
        nextStep: foreign
          ? 'Push the image with its foreign layers (Docker: allow-nondistributable-artifacts), then grade it again.'
          : 'Fetch or save the image again: it is not complete.',
        ...(cause === undefined ? {} : { cause }),
      },
    );
    this.foreign = foreign;
  }
}

/**
 * True for layers that a registry may lack (image-spec, layer.md, "Non-Distributable Layers"):
 * their `urls` say where they are.
 */
export function isForeign({ urls }: Descriptor): boolean {
  return (urls?.length ?? 0) > 0;
}
