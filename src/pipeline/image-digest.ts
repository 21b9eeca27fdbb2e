import {
  type Annotations,
  type Descriptor,
  type ImageConfig,
  type Index,
  MEDIA_TYPE,
  type Platform,
} from '../model/oci.ts';
import type { BlobStore } from '../oci/blobs/blob-store.ts';
import type { FinalPlatform } from './image-under-build.ts';

/**
 * Writes the index that is published: the platform manifests in order, our annotations, and nothing that differs from build
 * to build, so that its digest is as reproducible as theirs (OCI image-spec, image-index.md). Attestations refer to it.
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
      platform: built.descriptor.platform ?? platformOf(config),
      ...(Object.keys(descriptorAnnotations).length > 0
        ? { annotations: descriptorAnnotations }
        : {}),
    })),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
  const { digest, size } = await blobs.write(Buffer.from(JSON.stringify(index)));
  return { mediaType: MEDIA_TYPE.index, digest, size };
}

/** The platform that an image's config states. */
export function platformOf(config: ImageConfig): Platform {
  return {
    os: config.os,
    architecture: config.architecture,
    ...(config.variant === undefined || config.variant === '' ? {} : { variant: config.variant }),
  };
}
