import type { Digest } from '../../model/digest.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { parseManifestOrIndex } from '../documents.ts';
import { inParallel } from '../in-parallel.ts';
import { reachable } from '../layout/reachable.ts';
import type { TaggedManifest } from '../legacy-signature.ts';
import type { RegistryClient } from './registry-client.ts';

interface Push {
  readonly blobs: BlobStore;
  readonly client: RegistryClient;
  readonly repository: string;
  /** The image: an index or a manifest. */
  readonly root: Descriptor;
  /** Signatures and attestations of it or of its parts. */
  readonly referrers: readonly Descriptor[];
  readonly tags: readonly string[];
  /** Signatures that old verifiers find by a tag of their own (see legacy-signature.ts). */
  readonly tagged?: readonly TaggedManifest[];
  /** A repository of the same registry that may hold the blob: that of the base image. */
  readonly mountFrom?: (blob: Descriptor) => string | undefined;
  readonly onTransfer?: (transfer: {
    readonly digest: Digest;
    readonly done: number;
    readonly total: number;
  }) => void;
  /** Blobs under way at once; default 4. */
  readonly concurrency?: number;
}

export interface PushResult {
  readonly digest: Digest;
  readonly uploaded: readonly Descriptor[];
  readonly mounted: readonly Descriptor[];
  /** Blobs that the registry had. */
  readonly present: readonly Descriptor[];
  readonly uploadedBytes: number;
  readonly tags: readonly string[];
}

/**
 * Publishes an image: blobs that are missing in parallel, manifests by digest and children first, referrers, and the tags last, so that
 * no tag names what is not all there. Throws UserError; then no tag was set by this call, or the earlier ones of `tags` only.
 */
export async function pushImage(push: Push): Promise<PushResult> {
  const image = await reachable(push.blobs, [push.root]);
  const tagged = push.tagged ?? [];
  const about = await reachable(push.blobs, push.referrers);
  const beside = await reachable(
    push.blobs,
    tagged.map(({ descriptor }) => descriptor),
  );
  const outcome = await pushBlobs(push, [...image.blobs, ...about.blobs, ...beside.blobs]);
  for (const manifest of image.manifests) await putByDigest(push, manifest);
  for (const manifest of about.manifests) await putReferrer(push, manifest);
  for (const { tag, descriptor } of tagged) await putByTag(push, descriptor, tag);
  for (const tag of push.tags) await putByTag(push, push.root, tag);
  return { digest: push.root.digest, tags: push.tags, ...outcome };
}

/**
 * Publishes statements about an image that the registry has already, and nothing else: their blobs, then their manifests. Throws UserError.
 */
export async function pushReferrers(
  push: Pick<Push, 'blobs' | 'client' | 'repository' | 'referrers'>,
): Promise<void> {
  const about = await reachable(push.blobs, push.referrers);
  await pushBlobs(push, about.blobs);
  for (const manifest of about.manifests) await putReferrer(push, manifest);
}

/** Where to, and from where. */
type Target = Pick<
  Push,
  'blobs' | 'client' | 'repository' | 'mountFrom' | 'onTransfer' | 'concurrency'
>;

async function pushBlobs(
  push: Target,
  blobs: readonly Descriptor[],
): Promise<Omit<PushResult, 'digest' | 'tags'>> {
  const sorted: Record<'uploaded' | 'mounted' | 'present', Descriptor[]> = {
    uploaded: [],
    mounted: [],
    present: [],
  };
  const unique = [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
  await inParallel(unique, push.concurrency ?? 4, async (blob) => {
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
    open: (start) => push.blobs.openRead(digest, { start }),
    onProgress: (done) => push.onTransfer?.({ digest, done, total: size }),
    ...(mountFrom === undefined || mountFrom === push.repository ? {} : { mountFrom }),
  });
}

async function putByDigest(
  push: Target,
  manifest: Descriptor,
): Promise<{ readonly bytes: Uint8Array; readonly subjectIndexed: boolean }> {
  const bytes = await push.blobs.readDocument(manifest);
  const { mediaType } = manifest;
  const put = await push.client.putManifest(push.repository, manifest.digest, { bytes, mediaType });
  return { bytes, subjectIndexed: put.subjectIndexed };
}

async function putByTag(push: Push, manifest: Descriptor, tag: string): Promise<void> {
  const bytes = await push.blobs.readDocument(manifest);
  const { mediaType } = manifest;
  await push.client.putManifest(push.repository, tag, { bytes, mediaType });
}

async function putReferrer(push: Target, referrer: Descriptor): Promise<void> {
  const { bytes, subjectIndexed } = await putByDigest(push, referrer);
  if (subjectIndexed) return;
  const parsed = parseManifestOrIndex(bytes, referrer.mediaType, referrer.digest);
  const subject = parsed.kind === 'index' ? parsed.index.subject : parsed.manifest.subject;
  if (subject !== undefined)
    await push.client.addToFallbackTag(push.repository, subject.digest, referrer);
}
