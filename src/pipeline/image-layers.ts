import type { Digest } from '../model/digest.ts';
import type { Descriptor, ImageConfig, Manifest } from '../model/oci.ts';
import type { BlobStore } from '../oci/blob-store.ts';
import { parseImageConfig, parseManifest } from '../oci/documents.ts';
import { imageParts } from '../oci/image-index.ts';

/** One platform of a stored image, its layers with blob and diffID side by side, base first. */
export interface StoredPlatform {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly layers: readonly { readonly blob: Descriptor; readonly diffId: Digest }[];
}

/** The platforms of an index or manifest in the store, everything verified. Throws UserError where a document is missing or damaged. */
export async function storedPlatforms(
  blobs: BlobStore,
  root: Descriptor,
): Promise<readonly StoredPlatform[]> {
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
