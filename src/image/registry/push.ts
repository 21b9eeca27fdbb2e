import { UserError } from '../../lib/errors.ts';
import { inParallel } from '../../lib/parallel.ts';
import { type Content, type Descriptor, isIndex } from '../../model/image.ts';
import type { Digest } from '../../model/reference.ts';
import { parseManifest, parseManifestOrIndex } from '../documents.ts';
import { reachable } from '../image-index.ts';
import type { TaggedManifest } from '../referrers.ts';
import type { RegistryClient } from './client.ts';
import { fallbackList, sharedSignatures, type SharedTag, updateSharedTag } from './shared-tag.ts';

/** Something that hangs on `subject` in the registry, where older statements are looked for. */
export interface AttachedThere {
  readonly subject: Digest;
  readonly where: 'referrer' | 'cosign-tag';
  /** Of the referrer's manifest; of the layer under a tag. */
  readonly descriptor: Descriptor;
}

/** What is said of an image, and where to. */
export interface Attaching {
  readonly blobs: Content;
  readonly client: RegistryClient;
  readonly repository: string;
  readonly referrers: readonly Descriptor[];
  /** The same for verifiers older than bundles, which search by tag (legacy-signature.ts). */
  readonly tagged: readonly TaggedManifest[];
  /** `.att` only where the registry lists no referrers itself. */
  readonly attestationTags?: 'always' | 'without-referrers';
  /** Whether an attachment already says what a new one does, by the same signer. Absent: never. */
  readonly isReplaced?: (there: AttachedThere) => Promise<boolean>;
}

interface AttachResult {
  /** Older statements that the registry does not let be removed. */
  readonly notRemoved: number;
  /** Existing tags with other content, which stay: SBOMs of `cosign attach sbom`. */
  readonly kept: ReadonlySet<string>;
}

interface Put {
  readonly subject: Digest;
  readonly referrer: Descriptor;
  readonly isIndexed: boolean;
}

const AT_ONCE = 4;
const MAX_ROUNDS = 10;
/** Besides the pause itself: those who wait alike write at once again. */
const LONGEST_WAIT_MS = 500;
/** As many of an image's referrers are read to find older ones. */
const MOST_ASKED = 300;

/**
 * Puts referrers and lists them, adds to the tags that verifiers before bundles look for, and
 * removes what is replaced. The blobs are there already. `recheck` is for the end of the push: it
 * adds once more what another client overwrote meanwhile. Throws UserError.
 */
async function pushAttached(
  push: Attaching,
): Promise<{ readonly recheck: () => Promise<void>; readonly result: AttachResult }> {
  const { client, repository } = push;
  const put = await putReferrers(push);
  const subjects = [...new Set(put.map(({ subject }) => subject))];
  const of = (subject: Digest): readonly Put[] => put.filter((one) => one.subject === subject);
  const isIndexed = (subject: Digest): boolean => of(subject).every((one) => one.isIndexed);
  const lists = subjects
    .filter((subject) => !isIndexed(subject))
    .map((subject): SharedTag => {
      const added = of(subject).map(({ referrer }) => referrer);
      return fallbackList(repository, subject, added, (descriptor) =>
        isReplaced(push, { subject, where: 'referrer', descriptor }),
      );
    });
  const hasApi = subjects.length > 0 && lists.length === 0;
  const kept = new Set<string>();
  const signatures = await Promise.all(
    push.tagged
      .filter(
        ({ tag }) =>
          push.attestationTags !== 'without-referrers' || !hasApi || !tag.endsWith('.att'),
      )
      .map((tagged) => signaturesOf(push, tagged, kept)),
  );
  const shared = [...lists, ...signatures];
  const update = async (): Promise<boolean> => {
    let isWritten = false;
    await inParallel(shared, AT_ONCE, async (tag) => {
      if (await updateSharedTag(client, repository, tag)) isWritten = true;
    });
    return isWritten;
  };
  await update();
  const notRemoved = await removeOlder(push, subjects.filter(isIndexed), put);
  const waited = shared.length === 0 ? Promise.resolve() : client.connection.pause(1);
  // Awaited at the end, where it throws what it throws.
  waited.catch(() => undefined);
  return {
    recheck: async () => {
      await waited;
      // Where others write too, until a while passes in which nothing is lost.
      for (let round = 0; (await update()) && round < MAX_ROUNDS; round++)
        await client.connection.pause(1, Math.random() * LONGEST_WAIT_MS);
    },
    result: { notRemoved, kept },
  };
}

/** A registry refuses an index before what it lists, which may be a referrer as well. */
async function putReferrers(push: Attaching): Promise<readonly Put[]> {
  const putOne = async (referrer: Descriptor): Promise<Put | undefined> => {
    const bytes = await push.blobs.readDocument(referrer);
    const { mediaType, digest } = referrer;
    const manifest = { bytes, mediaType };
    const { subjectIndexed } = await push.client.putManifest(push.repository, digest, manifest);
    const parsed = parseManifestOrIndex(bytes, mediaType, digest);
    const { subject } = parsed.kind === 'index' ? parsed.index : parsed.manifest;
    return subject && { subject: subject.digest, referrer, isIndexed: subjectIndexed };
  };
  const single = push.referrers.filter(({ mediaType }) => !isIndex(mediaType));
  const lists = push.referrers.filter(({ mediaType }) => isIndex(mediaType));
  const put = [
    ...(await inParallel(single, AT_ONCE, putOne)),
    ...(await inParallel(lists, 1, putOne)),
  ];
  return put.filter((one) => one !== undefined);
}

async function signaturesOf(
  push: Attaching,
  tagged: TaggedManifest,
  kept: Set<string>,
): Promise<SharedTag> {
  const bytes = await push.blobs.readDocument(tagged.descriptor);
  const { mediaType } = tagged.descriptor;
  // cosign reads one SBOM under a tag and no more: what is there stays.
  if (tagged.tag.endsWith('.sbom')) {
    const merge: SharedTag['merge'] = (current) => {
      if (current !== undefined && current.descriptor.digest !== tagged.descriptor.digest)
        kept.add(tagged.tag);
      return Promise.resolve(current === undefined ? { bytes, mediaType } : undefined);
    };
    return { tag: tagged.tag, merge };
  }
  const { layers } = parseManifest(bytes, tagged.tag);
  const subject = taggedSubject(tagged.tag);
  const added = { bytes, layers };
  return sharedSignatures(push.client, push.repository, tagged, added, (descriptor) =>
    isReplaced(push, { subject, where: 'cosign-tag', descriptor }),
  );
}

/** The digest whose signatures are kept under `sha256-HEX.sig` or `.att`. */
export function taggedSubject(tag: string): Digest {
  return `sha256:${tag.slice('sha256-'.length, -'.sig'.length)}` as Digest;
}

function isReplaced(push: Attaching, there: AttachedThere): Promise<boolean> {
  return push.isReplaced?.(there) ?? Promise.resolve(false);
}

/** Where the registry keeps the list itself, an older statement goes with its manifest. */
async function removeOlder(
  push: Attaching,
  subjects: readonly Digest[],
  put: readonly Put[],
): Promise<number> {
  if (push.isReplaced === undefined) return 0;
  const own = new Set(put.map(({ referrer }) => referrer.digest));
  let notRemoved = 0;
  for (const subject of subjects) {
    const listed = await push.client.referrers(push.repository, subject);
    const others = listed.filter(({ digest }) => !own.has(digest)).slice(0, MOST_ASKED);
    await inParallel(others, AT_ONCE, async (descriptor) => {
      if (!(await isReplaced(push, { subject, where: 'referrer', descriptor }))) return;
      if (!(await isRemoved(push, descriptor.digest))) notRemoved++;
    });
  }
  return notRemoved;
}

/** What stays is only one statement too many. */
async function isRemoved({ client, repository }: Attaching, digest: Digest): Promise<boolean> {
  try {
    return await client.deleteManifest(repository, digest);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return false;
  }
}

const UNDER_WAY = 4;

interface Push extends Attaching {
  readonly root: Descriptor;
  readonly tags: readonly string[];
  /** A repository of the same registry that may have the blob: that of the base image. */
  readonly mountFrom?: (blob: Descriptor) => string | undefined;
  readonly onTransfer?: (transfer: {
    readonly digest: Digest;
    readonly done: number;
    readonly total: number;
  }) => void;
}

export interface PushResult extends AttachResult {
  readonly digest: Digest;
  readonly uploaded: readonly Descriptor[];
  readonly mounted: readonly Descriptor[];
  readonly present: readonly Descriptor[];
  readonly uploadedBytes: number;
}

/**
 * Publishes an image: missing blobs in parallel, manifests by digest and children first,
 * attachments, and tags last, so that a tag never names a part. Throws UserError; then this call
 * set no tag, or only the earlier ones of `tags`.
 */
export async function pushImage(push: Push): Promise<PushResult> {
  const image = await reachable(push.blobs, [push.root]);
  const about = await aboutOf(push);
  const outcome = await pushBlobs(push, [...image.blobs, ...about.blobs]);
  for (const manifest of [...image.manifests, ...about.parts])
    await put(push, manifest, manifest.digest);
  const attached = await pushAttached({ ...push, referrers: about.referrers });
  for (const tag of push.tags) await put(push, push.root, tag);
  await attached.recheck();
  return { digest: push.root.digest, ...attached.result, ...outcome };
}

/** Publishes only what is said of an image that the registry already has. Throws UserError. */
export async function pushReferrers(push: Attaching): Promise<AttachResult> {
  const about = await aboutOf(push);
  await pushBlobs(push, about.blobs);
  for (const manifest of about.parts) await put(push, manifest, manifest.digest);
  const attached = await pushAttached({ ...push, referrers: about.referrers });
  await attached.recheck();
  return attached.result;
}

/** What is said of the image: its blobs, and manifests in a referrer that is an index. */
async function aboutOf({ blobs, referrers, tagged }: Attaching): Promise<{
  readonly blobs: readonly Descriptor[];
  readonly parts: readonly Descriptor[];
  /** Each behind those that it lists. */
  readonly referrers: readonly Descriptor[];
}> {
  const roots = [...referrers, ...tagged.map(({ descriptor }) => descriptor)];
  const about = await reachable(blobs, roots);
  const own = new Set(roots.map(({ digest }) => digest));
  const order = about.manifests.map(({ digest }) => digest);
  return {
    blobs: about.blobs,
    parts: about.manifests.filter(({ digest }) => !own.has(digest)),
    referrers: referrers.toSorted((a, b) => order.indexOf(a.digest) - order.indexOf(b.digest)),
  };
}

type Target = Pick<Attaching, 'blobs' | 'client' | 'repository'> &
  Partial<Pick<Push, 'mountFrom' | 'onTransfer'>>;

async function pushBlobs(
  push: Target,
  blobs: readonly Descriptor[],
): Promise<Pick<PushResult, 'uploaded' | 'mounted' | 'present' | 'uploadedBytes'>> {
  const sorted: Record<'uploaded' | 'mounted' | 'present', Descriptor[]> = {
    uploaded: [],
    mounted: [],
    present: [],
  };
  const unique = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  await inParallel(unique, UNDER_WAY, async (blob) => {
    // A foreign layer stays where its urls say (image-spec, layer.md, "Non-Distributable Layers").
    if ((blob.urls?.length ?? 0) > 0 && !(await push.blobs.has(blob.digest))) return;
    sorted[await pushBlob(push, blob)].push(blob);
  });
  const uploadedBytes = sorted.uploaded.reduce((sum, blob) => sum + blob.size, 0);
  return { ...sorted, uploadedBytes };
}

function pushBlob(push: Target, blob: Descriptor): Promise<'uploaded' | 'mounted' | 'present'> {
  const { digest, size } = blob;
  const mountFrom = push.mountFrom?.(blob);
  return push.client.pushBlob(push.repository, {
    blob,
    open: () => push.blobs.openRead(digest, { size }),
    onProgress: (done) => push.onTransfer?.({ digest, done, total: size }),
    ...(mountFrom === undefined || mountFrom === push.repository ? {} : { mountFrom }),
  });
}

async function put(push: Target, manifest: Descriptor, reference: string): Promise<void> {
  const bytes = await push.blobs.readDocument(manifest);
  const { mediaType } = manifest;
  await push.client.putManifest(push.repository, reference, { bytes, mediaType });
}
