import type { Descriptor } from '../model/oci.ts';
import type { OpenedImage } from '../model/opened-image.ts';
import { type AttachmentPlace, gatherAttachments } from './attachments.ts';
import { readBlobOf } from './blobs/blob-source.ts';
import { type DocumentOptions, openDocuments } from './opened-documents.ts';

/** What an opened image is, wherever its blobs are. */
type OfDocuments = Omit<OpenedImage, 'place' | 'openLayer' | 'hasLayer' | 'close'>;

/**
 * Opens the documents that the root points to. Attachments are looked for at `place`, once, when
 * they are asked for. Throws UserError where a document is missing, damaged, or no container image.
 */
export async function openRoot(
  root: Descriptor,
  options: DocumentOptions,
  place: AttachmentPlace,
): Promise<OfDocuments> {
  const { attestations, ...documents } = await openDocuments(root, options);
  const subjects = new Set([root.digest, ...documents.platforms.map((p) => p.descriptor.digest)]);
  let attached: ReturnType<typeof gatherAttachments> | undefined;
  return {
    name: options.name,
    root,
    ...documents,
    readBlob: readBlobOf(options.read, options.name),
    attachments: () => (attached ??= gatherAttachments(place, [...subjects], attestations)),
  };
}
