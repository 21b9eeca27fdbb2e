import { join } from 'node:path';
import type { Digest } from '../../model/digest.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { referencesOf } from '../../model/reference.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { parseManifest, parseManifestOrIndex } from '../../oci/documents.ts';
import type { StoredBuild } from '../../oci/layout/build-record.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import { openStored } from '../../oci/layout/open-layout.ts';
import { whileAlone } from '../../oci/layout/owner.ts';
import {
  readTaggedEntries,
  taggedEntries,
  type TaggedManifest,
  writeTaggedManifest,
} from '../../oci/legacy-signature.ts';
import { type AttachedThere, taggedSubject } from '../../oci/registry/push-attached.ts';

/** Referrers, and what hangs under cosign's tags. */
interface Made {
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
}
/** True for an attachment that is replaced. */
type Older = (there: AttachedThere) => Promise<boolean>;

/**
 * Lists referrers with the newest build of that image in the layout, under those of its names that
 * still are that image's, and no longer what is older. Does nothing where the image was not built
 * here.
 */
export function keepWithBuilds(
  store: LayoutStore,
  signal: AbortSignal,
  ...addition: readonly [Descriptor, Made, Older]
): Promise<void> {
  // Two at once would each write what was there, and its own.
  return whileAlone(join(store.root, 'attach.lock'), signal, () => keepAlone(store, ...addition));
}

async function keepAlone(
  store: LayoutStore,
  { mediaType, digest, size }: Descriptor,
  made: Made,
  isReplaced: Older,
): Promise<void> {
  const build = await store.lastOf(digest);
  if (build === undefined) return;
  const names: string[] = [];
  for (const name of build.names)
    if ((await store.findByName(name))?.descriptor.digest === digest) names.push(name);
  const before: Descriptor[] = [];
  for (const one of referrersOf(build, digest)) {
    const bytes = await store.blobs.readDocument(one);
    const read = parseManifestOrIndex(bytes, one.mediaType, one.digest);
    const { subject } = read.kind === 'index' ? read.index : read.manifest;
    const is = { where: 'referrer', descriptor: one } as const;
    if (subject === undefined || !(await isReplaced({ subject: subject.digest, ...is })))
      before.push(one);
  }
  const directory = await store.newBuild();
  try {
    await directory.finish({
      manifests: [{ mediaType, digest, size }],
      names: referencesOf(names),
      referrers: [
        ...unique([...before, ...made.referrers]),
        ...taggedEntries(await mergedTags(store.blobs, build, made.tagged, isReplaced)),
      ],
    });
  } finally {
    await directory.end();
  }
}

/** An image of the layout with all that its newest build keeps beside it. */
export async function openBuild(
  store: LayoutStore,
  index: Descriptor,
  name: string,
): Promise<OpenedImage> {
  const build = await store.lastOf(index.digest);
  return openStored(store.blobs, index, name, build?.manifests ?? []);
}

/** Signatures and attestations by tag, the build's and the new ones merged per tag. */
async function mergedTags(
  blobs: BlobStore,
  { manifests }: StoredBuild,
  made: readonly TaggedManifest[],
  isReplaced: Older,
): Promise<readonly TaggedManifest[]> {
  const before = readTaggedEntries(manifests);
  const merged: TaggedManifest[] = [];
  for (const tag of new Set([...before, ...made].map((one) => one.tag))) {
    const subject = taggedSubject(tag);
    const layers: Descriptor[] = [];
    for (const one of before.filter((entry) => entry.tag === tag))
      for (const descriptor of parseManifest(await blobs.readDocument(one.descriptor), tag).layers)
        if (!(await isReplaced({ subject, where: 'cosign-tag', descriptor })))
          layers.push(descriptor);
    for (const one of made.filter((entry) => entry.tag === tag))
      layers.push(...parseManifest(await blobs.readDocument(one.descriptor), tag).layers);
    merged.push({ tag, descriptor: await writeTaggedManifest(blobs, layers) });
  }
  return merged;
}

function referrersOf({ manifests }: StoredBuild, image: Digest): readonly Descriptor[] {
  return manifests.filter(
    ({ digest, artifactType }) => digest !== image && artifactType !== undefined,
  );
}

/** An artifact made of the same bytes is the same. */
function unique(descriptors: readonly Descriptor[]): readonly Descriptor[] {
  return descriptors.filter(
    ({ digest, annotations }, at) =>
      at ===
      descriptors.findIndex(
        (one) =>
          one.digest === digest && JSON.stringify(one.annotations) === JSON.stringify(annotations),
      ),
  );
}
