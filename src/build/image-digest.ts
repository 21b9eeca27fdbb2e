import type { BlobStore } from '../image/blob-store.ts';
import {
  type Annotations,
  type Descriptor,
  type Index,
  MEDIA_TYPE,
  platformOf,
} from '../model/image.ts';
import type { FinalPlatform } from './image-under-build.ts';

/**
 * Writes the index that is published: the platform manifests in order, and our annotations (OCI
 * image-spec, image-index.md). It has nothing that differs from build to build, so its digest is
 * reproducible. Attestations refer to it.
 */
export async function writeIndex(
  blobs: BlobStore,
  platforms: readonly FinalPlatform[],
  annotations: Annotations,
  descriptorAnnotations: Annotations,
): Promise<Descriptor> {
  const index: Index = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: platforms.map(({ descriptor, built, config }) => ({
      mediaType: descriptor.mediaType,
      digest: descriptor.digest,
      size: descriptor.size,
      platform: platformOf({ descriptor: built.descriptor, config }),
      ...(Object.keys(descriptorAnnotations).length > 0
        ? { annotations: descriptorAnnotations }
        : {}),
    })),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
  const { digest, size } = await blobs.write(Buffer.from(JSON.stringify(index)));
  return { mediaType: MEDIA_TYPE.index, digest, size };
}
