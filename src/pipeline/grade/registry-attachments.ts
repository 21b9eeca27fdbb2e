import { UserError } from '../../model/errors.ts';
import type { OpenedImage } from '../../model/opened-image.ts';
import type { ImageName } from '../../oci/image-source.ts';
import { type OpenOptions, openImage } from '../../oci/open-image.ts';

/**
 * An image of Docker's store with the signatures and attestations of the same digest in the registry
 * that its name tells, so that it is judged as there: Docker keeps none. A name without a host is not
 * asked for: it may be of this machine alone. Where they were not looked up, `withoutAttachments` says why.
 */
export async function withRegistryAttachments(
  image: OpenedImage,
  name: ImageName,
  options: OpenOptions,
  offline: boolean,
): Promise<OpenedImage> {
  const { withoutAttachments, ...local } = image;
  if (withoutAttachments === undefined || name.place !== 'named') return image;
  const { registry, repository } = name.reference;
  if (!name.text.startsWith(`${registry}/`)) return image;
  if (offline) return without(image, `${registry} was not asked (offline)`);
  const { digest } = image.root;
  const reference = { registry, repository, digest };
  const text = `${registry}/${repository}@${digest}`;
  let published: OpenedImage;
  try {
    published = await openImage({ place: 'registry', text, reference }, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return without(image, error.message);
  }
  return {
    ...local,
    attachments: published.attachments,
    readBlob: published.readBlob,
    close: async () => {
      await Promise.all([image.close(), published.close()]);
    },
  };
}

function without(image: OpenedImage, why: string): OpenedImage {
  const reason = `Docker does not store signatures, and ${why}`;
  return {
    ...image,
    withoutAttachments: reason,
    attachments: async () => ({
      complete: false,
      found: (await image.attachments()).found,
      reason,
    }),
  };
}
