import type { Digest } from '../../model/digest.ts';
import type { Descriptor } from '../../model/oci.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import { type ImageReference, parseReference } from '../../model/reference.ts';
import type { StoredBuild } from '../../oci/layout/build-record.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import { openStored } from '../../oci/layout/open-layout.ts';
import { readTaggedEntries, taggedEntries } from '../../oci/legacy-signature.ts';

/**
 * Lists referrers with the newest build of that image in the layout, under those of its names that still are that image's, and no longer
 * those whose digests are `stale`. Does nothing where the image was not built here.
 */
export async function keepWithBuilds(
  store: LayoutStore,
  { mediaType, digest, size }: Descriptor,
  referrers: readonly Descriptor[],
  stale: readonly Digest[],
): Promise<void> {
  const build = await buildOf(store, digest);
  if (build === undefined) return;
  const names: string[] = [];
  for (const name of build.names)
    if ((await store.findByName(name))?.descriptor.digest === digest) names.push(name);
  const before = referrersOf(build, digest).filter((one) => !stale.includes(one.digest));
  const directory = await store.newBuild();
  try {
    await directory.finish({
      manifests: [{ mediaType, digest, size }],
      names: referencesOf(names),
      referrers: unique([...before, ...referrers]),
    });
  } finally {
    await directory.end();
  }
}

/** The newest build of that image in the layout. */
export async function buildOf(
  store: LayoutStore,
  digest: Digest,
): Promise<StoredBuild | undefined> {
  const builds = await store.builds();
  return builds.find(({ manifests }) => manifests.some((one) => one.digest === digest));
}

/** An image of the layout with all that its newest build keeps beside it. */
export async function openBuild(
  store: LayoutStore,
  index: Descriptor,
  name: string,
): Promise<OpenedImage> {
  const build = await buildOf(store, index.digest);
  return openStored(store.blobs, index, name, build?.manifests ?? []);
}

/** What a build keeps beside the image of that digest: signatures and attestations, in either form. */
function referrersOf({ manifests }: StoredBuild, image: Digest): readonly Descriptor[] {
  const others = manifests.filter(
    ({ digest, artifactType }) => digest !== image && artifactType !== undefined,
  );
  return [...others, ...taggedEntries(readTaggedEntries(manifests))];
}

/** Those of the names that are some. */
function referencesOf(names: readonly string[]): readonly ImageReference[] {
  return names.flatMap((name) => {
    const reference = parseReference(name);
    return reference.ok ? [reference.value] : [];
  });
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
