import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { Descriptor, Platform } from '../../model/oci.ts';
import type { ImagePlace, OpenedImage, OpenedPlatform } from '../../model/opened-image.ts';
import { parseReference } from '../../model/reference.ts';
import {
  type BlobSource,
  checkSize,
  documentsOf,
  folderBlobs,
  type ReadDocument,
  verifiedContent,
} from '../blobs/blob-source.ts';
import { BlobStore } from '../blobs/blob-store.ts';
import { LAYOUT } from '../document-shapes.ts';
import { parseObject } from '../documents.ts';
import { entryName } from '../image-index.ts';
import { MissingLayerError } from '../missing-layer.ts';
import { openRoot } from '../open-root.ts';
import { layoutAttachments } from './layout-attachments.ts';
import { chooseImage, type LayoutIndex, namesakes, readLayoutIndex } from './layout-choice.ts';
import { smallFile } from './small-file.ts';

interface LayoutFolder {
  readonly name: string;
  readonly path: string;
  /** Name, tag or digest of the image in it; its only one where not given. */
  readonly wanted?: string | undefined;
  readonly platform?: Platform | undefined;
}

/** An image whose blobs are at hand, and the entries of the index.json that lists it. */
interface BlobImage {
  readonly name: string;
  readonly place: ImagePlace;
  readonly blobs: BlobSource;
  readonly root: Descriptor;
  readonly entries: readonly Descriptor[];
  readonly platform?: Platform | undefined;
  /** Documents besides the blobs: an index.json that is an image's index. */
  readonly read?: ReadDocument;
  /** The root is no document of the place: what `docker save` wrote has no manifest. */
  readonly hasNoManifest?: boolean;
  readonly withoutAttachments?: string | undefined;
  readonly close?: () => Promise<void>;
}

/** Opens an OCI layout's image (image-spec, image-layout.md), read-only. Throws UserError. */
export async function openLayoutFolder(layout: LayoutFolder): Promise<OpenedImage> {
  const { name, path, platform } = layout;
  const marker = await smallFile(join(path, 'oci-layout'));
  const index = await smallFile(join(path, 'index.json'));
  if (index === undefined)
    throw new UserError(`${name} is not an OCI layout: it has no index.json`, {
      nextStep: 'Name the folder that contains oci-layout and index.json.',
    });
  checkVersion(marker, name);
  return openFromIndex({
    name,
    place: 'layout',
    blobs: folderBlobs(new BlobStore(join(path, 'blobs'))),
    index: readLayoutIndex(index, name),
    wanted: layout.wanted,
    platform,
  });
}

/** Opens the image of an index.json that is meant. Throws UserError. */
export async function openFromIndex(
  layout: Omit<BlobImage, 'root' | 'entries' | 'read'> & {
    readonly index: LayoutIndex;
    readonly wanted: string | undefined;
  },
): Promise<OpenedImage> {
  const { index, wanted, ...image } = layout;
  const fromBlobs = documentsOf(image.blobs);
  const root = await chooseImage(index, fromBlobs, { name: image.name, wanted });
  const isItself = !index.entries.some((entry) => entry.digest === root.digest);
  const read: ReadDocument = (descriptor, cap) =>
    isItself && descriptor.digest === root.digest
      ? Promise.resolve(index.bytes)
      : fromBlobs(descriptor, cap);
  const opened = await openBlobImage({ ...image, root, entries: index.entries, read });
  await checkLayerSizes(opened, image.blobs);
  const parts = isItself ? [] : (opened.index?.manifests ?? []);
  const all = [root, ...parts, ...opened.platforms.map(({ descriptor }) => descriptor)];
  const others = namesakes(index.entries, new Set(all.map(({ digest }) => digest)));
  return others.length === 0 ? opened : { ...opened, namesakes: others };
}

/** Opens an image of the layout that builds share, by its index or manifest. Throws UserError. */
export function openStored(
  store: BlobStore,
  root: Descriptor,
  name: string = root.digest,
  entries: readonly Descriptor[] = [],
): Promise<OpenedImage> {
  return openBlobImage({ name, place: 'store', blobs: folderBlobs(store), root, entries });
}

/** Layers of one of an opened image's platforms; none where it is not there. */
export function layersOf(
  { platforms }: Pick<OpenedImage, 'platforms'>,
  { descriptor: { digest } }: { readonly descriptor: Pick<Descriptor, 'digest'> },
): OpenedPlatform['layers'] {
  return platforms.find(({ descriptor }) => descriptor.digest === digest)?.layers ?? [];
}

/** Opens an image from blobs. Throws UserError for a missing, damaged or non-image document. */
export async function openBlobImage(image: BlobImage): Promise<OpenedImage> {
  const { name, place, blobs, root, entries, platform, withoutAttachments } = image;
  const read = image.read ?? documentsOf(blobs);
  const attached = layoutAttachments(entries, root.digest, read);
  const { attachments, ...opened } = await openRoot(root, { name, read, platform }, attached);
  const own = entries.filter(({ digest }) => digest === root.digest);
  const names = [...new Set(own.flatMap((entry) => entryName(entry) ?? []))].filter(
    (text) => parseReference(text).ok,
  );
  const whole = { content: verifiedContent(blobs, read, name), lists: attached, names };
  return {
    ...opened,
    place,
    ...(image.hasNoManifest === true ? {} : { whole }),
    openLayer: async (layer) => {
      if ((await blobs.size(layer.digest)) === undefined) throw new MissingLayerError(layer, name);
      return blobs.openRead(layer.digest);
    },
    hasLayer: async (layer) => (await blobs.size(layer.digest)) !== undefined,
    layerFile: (layer) => blobs.file(layer.digest),
    attachments: async () => {
      const found = await attachments();
      return withoutAttachments === undefined
        ? found
        : { complete: false, found: found.found, reason: withoutAttachments };
    },
    ...(withoutAttachments === undefined ? {} : { withoutAttachments }),
    close: image.close ?? (() => Promise.resolve()),
  };
}

/**
 * A layer whose size differs from its manifest's cannot be pulled. Checked here, so that facts
 * known from before do not change the answer.
 */
async function checkLayerSizes({ platforms }: OpenedImage, blobs: BlobSource): Promise<void> {
  for (const { blob } of platforms.flatMap(({ layers }) => layers)) {
    const stored = await blobs.size(blob.digest);
    if (stored !== undefined) checkSize(blob, stored, Infinity);
  }
}

/** Throws UserError for a layout of a version that is not known. */
export function checkVersion(marker: Uint8Array | undefined, name: string): void {
  if (marker === undefined) return;
  const version = parseObject(marker, `oci-layout of ${name}`, LAYOUT)['imageLayoutVersion'];
  if (typeof version !== 'string' || !version.startsWith('1.'))
    throw new UserError(`${name} is an OCI layout of a version that is not known`);
}
