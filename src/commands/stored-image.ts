import { UserError } from '../model/errors.ts';
import type { Descriptor } from '../model/oci.ts';
import { formatReference, parseReference, withDefaultTag } from '../model/reference.ts';
import type { LayoutStore } from '../oci/layout/layout-store.ts';
import { readTaggedEntries, type TaggedManifest } from '../oci/legacy-signature.ts';

/** What the layout holds under a name. */
interface StoredImage {
  readonly name: string;
  readonly index: Descriptor;
  readonly referrers: readonly Descriptor[];
  readonly tagged: readonly TaggedManifest[];
}

/** Finds the newest build of a name, with signatures and attestations. Throws UserError if none. */
export async function storedImage(store: LayoutStore, text: string): Promise<StoredImage> {
  const reference = parseReference(text);
  if (!reference.ok) throw new UserError(reference.error);
  const name = formatReference(withDefaultTag(reference.value));
  const found = await store.findByName(name);
  if (found === undefined)
    throw new UserError(`no build of ${name}`, {
      nextStep: `scoville build -t ${text} .`,
    });
  // Without its annotations: they are its names in this layout, and no part of the image.
  const { mediaType, digest, size, platform } = found.descriptor;
  const index = { mediaType, digest, size, ...(platform === undefined ? {} : { platform }) };
  const referrers = found.build.manifests.filter(
    (descriptor) => descriptor.artifactType !== undefined,
  );
  const tagged = readTaggedEntries(found.build.manifests);
  return { name, index, referrers, tagged };
}
