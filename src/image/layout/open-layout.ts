import { join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import {
  type Descriptor,
  type ImagePlace,
  isIndex,
  type OpenedImage,
  type OpenedPlatform,
  type Platform,
} from '../../model/image.ts';
import { type Digest, digestHex, digestOf, parseReference } from '../../model/reference.ts';
import { type AttachmentPlace, MissingLayerError, openRoot } from '../attachments.ts';
import {
  type BlobSource,
  BlobStore,
  checkSize,
  documentsOf,
  type ReadDocument,
  verifiedContent,
} from '../blob-store.ts';
import {
  LAYOUT,
  MAX_DOCUMENT_BYTES,
  parseIndex,
  parseManifestOrIndex,
  parseObject,
} from '../documents.ts';
import { entryName, plain } from '../image-index.ts';
import {
  chooseImage,
  cosignKind,
  type LayoutIndex,
  namesakes,
  readLayoutIndex,
  smallFile,
  taggedEntry,
} from './entries.ts';

const MAX_LOOKED_AT = 1000;

/**
 * Attachments of the images in a layout, by its index.json:
 * - entries whose manifest has a subject (oras, this tool).
 * - signatures under `sha256-HEX.sig` (this tool, skopeo).
 * - lists of referrers under `sha256-HEX` (regctl).
 * - what `cosign save` puts beside its one image.
 */
function layoutAttachments(
  entries: readonly Descriptor[],
  root: Digest,
  read: ReadDocument,
): AttachmentPlace {
  let subjects: Promise<ReadonlyMap<Digest, readonly Descriptor[]>> | undefined;
  return {
    read,
    referrers: async (subject) => {
      subjects ??= bySubject(entries, root, read);
      const own = (await subjects).get(subject) ?? [];
      return [...own, ...(await listedUnder(entries, subject, read))];
    },
    tagged: (tag) => {
      const found = taggedEntry(entries, tag);
      const beside = entries.find((entry) => {
        const kind = cosignKind(entry);
        return kind !== undefined && tag === `sha256-${digestHex(root)}.${kind}`;
      });
      return Promise.resolve(found ?? (beside === undefined ? undefined : plain(beside)));
    },
  };
}

async function bySubject(
  entries: readonly Descriptor[],
  root: Digest,
  read: ReadDocument,
): Promise<ReadonlyMap<Digest, readonly Descriptor[]>> {
  const others = entries.filter((entry) => entry.digest !== root);
  if (others.length > MAX_LOOKED_AT)
    throw new UserError(`the layout lists more than ${MAX_LOOKED_AT} manifests`);
  const found = new Map<Digest, Descriptor[]>();
  for (const entry of others) {
    const bytes = await read(entry, MAX_DOCUMENT_BYTES);
    if (bytes === undefined)
      throw new UserError(`the layout lacks ${entry.digest}, which it lists`);
    const subject = subjectOf(bytes, entry);
    if (subject !== undefined) found.set(subject, [...(found.get(subject) ?? []), entry]);
  }
  return found;
}

async function listedUnder(
  entries: readonly Descriptor[],
  subject: Digest,
  read: ReadDocument,
): Promise<readonly Descriptor[]> {
  const list = taggedEntry(entries, `sha256-${digestHex(subject)}`);
  if (list === undefined || !isIndex(list.mediaType)) return [];
  const bytes = await read(list, MAX_DOCUMENT_BYTES);
  if (bytes === undefined) throw new UserError(`the layout lacks ${list.digest}, which it lists`);
  return parseIndex(bytes, list.digest).manifests;
}

function subjectOf(bytes: Uint8Array, { mediaType, digest }: Descriptor): Digest | undefined {
  try {
    const document = parseManifestOrIndex(bytes, mediaType, digest);
    return (document.kind === 'index' ? document.index : document.manifest).subject?.digest;
  } catch {
    return undefined;
  }
}

interface LayoutFolder {
  readonly name: string;
  readonly path: string;
  /** Name, tag or digest of the image in it; its only one where not given. */
  readonly wanted?: string | undefined;
  readonly platform?: Platform | undefined;
  readonly withoutAttachments?: string;
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
  /** True if the root is not stored: what `docker save` wrote has no manifest. */
  readonly hasNoManifest?: boolean;
  readonly withoutAttachments?: string | undefined;
  readonly close?: () => Promise<void>;
}

/** Opens an OCI layout's image (image-spec, image-layout.md), read-only. Throws UserError. */
export async function openLayoutFolder(layout: LayoutFolder): Promise<OpenedImage> {
  const { name, path, platform, withoutAttachments } = layout;
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
    blobs: new BlobStore(join(path, 'blobs')),
    index: readLayoutIndex(index, name),
    wanted: layout.wanted,
    platform,
    withoutAttachments,
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
  const read = documentsOf(image.blobs, new Map([[digestOf(index.bytes), index.bytes]]));
  const root = await chooseImage(index, read, { name: image.name, wanted });
  const isItself = !index.entries.some((entry) => entry.digest === root.digest);
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
  return openBlobImage({ name, place: 'store', blobs: store, root, entries });
}

/** Layers of one of an opened image's platforms; none if the image does not have it. */
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
