import type { Digest } from '../../model/digest.ts';
import { inParallel } from '../../model/in-parallel.ts';
import type { Descriptor } from '../../model/oci.ts';
import { reachable } from '../layout/reachable.ts';
import { type AttachResult, pushAttached, type Attaching } from './push-attached.ts';

/** Blobs that are sent at once. */
const UNDER_WAY = 4;

interface Push extends Attaching {
  /** The image: an index or a manifest. */
  readonly root: Descriptor;
  readonly tags: readonly string[];
  /** A repository of the same registry that may hold the blob: that of the base image. */
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
  /** Blobs that the registry had. */
  readonly present: readonly Descriptor[];
  readonly uploadedBytes: number;
}

/**
 * Publishes an image: blobs that are missing in parallel, manifests by digest and children first,
 * what is attached to it, and the tags last, so that no tag names what is not all there. Throws
 * UserError; then no tag was set by this call, or the earlier ones of `tags` only.
 */
export async function pushImage(push: Push): Promise<PushResult> {
  const image = await reachable(push.blobs, [push.root]);
  const about = await aboutOf(push);
  const outcome = await pushBlobs(push, [...image.blobs, ...about.blobs]);
  for (const manifest of [...image.manifests, ...about.parts])
    await put(push, manifest, manifest.digest);
  const attached = await pushAttached(push);
  for (const tag of push.tags) await put(push, push.root, tag);
  await attached.recheck();
  return { digest: push.root.digest, ...attached.result, ...outcome };
}

/** Publishes only what is said of an image that the registry already has. Throws UserError. */
export async function pushReferrers(push: Attaching): Promise<AttachResult> {
  const about = await aboutOf(push);
  await pushBlobs(push, about.blobs);
  for (const manifest of about.parts) await put(push, manifest, manifest.digest);
  const attached = await pushAttached(push);
  await attached.recheck();
  return attached.result;
}

/** What is said of the image: its blobs, and manifests in a referrer that is an index. */
async function aboutOf({ blobs, referrers, tagged }: Attaching): Promise<{
  readonly blobs: readonly Descriptor[];
  readonly parts: readonly Descriptor[];
}> {
  const roots = [...referrers, ...tagged.map(({ descriptor }) => descriptor)];
  const about = await reachable(blobs, roots);
  const own = new Set(roots.map(({ digest }) => digest));
  return { blobs: about.blobs, parts: about.manifests.filter(({ digest }) => !own.has(digest)) };
}

/** Where to, and from where. */
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
