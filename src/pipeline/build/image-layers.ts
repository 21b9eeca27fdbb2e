import type { Descriptor } from '../../model/oci.ts';
import type { OpenedPlatform } from '../../model/opened-image.ts';
import { parseImageConfig, parseManifest } from '../../oci/documents.ts';
import { imageParts } from '../../oci/image-index.ts';
import type { BlobStore } from '../../oci/layout/blob-store.ts';

/** The platforms of an index or manifest in the store, everything verified. Throws UserError where a document is missing or damaged. */
export async function storedPlatforms(
  blobs: BlobStore,
  root: Descriptor,
): Promise<readonly OpenedPlatform[]> {
  const { manifests } = await imageParts(root, (d) => blobs.readDocument(d));
  return Promise.all(
    manifests.map(async (descriptor) => {
      const manifest = parseManifest(await blobs.readDocument(descriptor), descriptor.digest);
      const config = parseImageConfig(
        await blobs.readDocument(manifest.config),
        manifest.config.digest,
      );
      const layers = manifest.layers.flatMap((blob, i) => {
        const diffId = config.rootfs.diff_ids[i];
        return diffId === undefined ? [] : [{ blob, diffId }];
      });
      return { descriptor, manifest, config, layers };
    }),
  );
}
