import { UserError } from '../lib/errors.ts';
import type { Descriptor, OpenedImage, Platform } from '../model/image.ts';
import { type Digest, isDigest } from '../model/reference.ts';
import { openSpooled } from './archive/open-archive.ts';
import { spooledBy } from './archive/spool.ts';
import { type BlobSource, checkSize, type ReadDocument, verified } from './blob-store.ts';
import type { JsonCache } from './caches.ts';
import { isDescriptor } from './documents.ts';
import { openBlobImage } from './layout/open-layout.ts';

/** An engine image's documents and attachments, so that reading again needs no `docker save`. */
interface EngineDocuments {
  readonly root: Descriptor;
  readonly documents: ReadonlyMap<Digest, Uint8Array>;
  readonly withoutAttachments: string;
}

const MAX_KEPT_BYTES = 32 * 1024 * 1024;
const ENCODING = 'base64';

/** The kept documents of an image id, or undefined. Each is verified again when it is read. */
async function keptDocuments(cache: JsonCache, id: Digest): Promise<EngineDocuments | undefined> {
  const value = await cache.get(keyOf(id));
  if (typeof value !== 'object' || value === null) return undefined;
  const { root, documents, withoutAttachments } = value as Readonly<Record<string, unknown>>;
  if (!isDescriptor(root) || typeof withoutAttachments !== 'string') return undefined;
  if (typeof documents !== 'object' || documents === null) return undefined;
  const kept = new Map<Digest, Uint8Array>();
  for (const [digest, text] of Object.entries(documents) as [string, unknown][]) {
    if (!isDigest(digest) || typeof text !== 'string') return undefined;
    kept.set(digest, Buffer.from(text, ENCODING));
  }
  return { root, documents: kept, withoutAttachments };
}

/**
 * Keeps the documents of an image that was opened whole. Not where the engine lacks one of its
 * platforms: it may have it tomorrow, under the same id.
 */
async function keepDocuments(cache: JsonCache, id: Digest, image: OpenedImage): Promise<void> {
  if (image.absent.length + image.unread.length > 0 || image.withoutAttachments === undefined)
    return;
  const wanted = new Map<Digest, Descriptor>([[image.root.digest, image.root]]);
  const want = (descriptor: Descriptor): unknown => wanted.set(descriptor.digest, descriptor);
  for (const { descriptor, manifest } of image.platforms) {
    want(descriptor);
    want(manifest.config);
  }
  image.index?.manifests.forEach(want);
  for (const { descriptor, manifest } of (await image.attachments()).found) {
    want(descriptor);
    [manifest.config, ...manifest.layers].forEach(want);
  }
  const documents: Record<string, string> = {};
  let bytes = 0;
  for (const descriptor of wanted.values()) {
    bytes += descriptor.size;
    if (bytes > MAX_KEPT_BYTES) return;
    documents[descriptor.digest] = Buffer.from(await image.readBlob(descriptor)).toString(ENCODING);
  }
  const { root, withoutAttachments } = image;
  await cache.set(keyOf(id), { root, documents, withoutAttachments });
}

function readKept({ documents }: EngineDocuments): ReadDocument {
  return (descriptor, cap) => {
    const bytes = documents.get(descriptor.digest);
    if (bytes === undefined) return Promise.resolve(undefined);
    checkSize(descriptor, bytes.length, cap);
    return Promise.resolve(verified(descriptor, bytes));
  };
}

/** The error of an engine whose image changed under its id, which is a digest: it cannot. */
function otherImage(id: Digest): UserError {
  return new UserError(`Docker gave out another image than ${id}`, {
    nextStep: 'Run it again; `docker image inspect` shows what the engine has.',
  });
}

function keyOf(id: Digest): string {
  return `engine ${id}`;
}

export interface EngineImages {
  /** Id of an image by name or id; undefined if unknown. Throws UserError if no engine answers. */
  readonly find: (image: string) => Promise<{ readonly id: Digest } | undefined>;
  /** `docker save` of an image, its tar chunk by chunk, each taken before the next comes. */
  readonly save: (id: Digest, take: (chunk: Uint8Array) => Promise<void>) => Promise<void>;
}

interface EngineOptions {
  readonly name: string;
  readonly id: Digest;
  readonly engine: EngineImages;
  readonly spoolDir: string;
  /** Keeps documents by image id, so that `docker save` runs for layers only. */
  readonly documents?: JsonCache | undefined;
  readonly platform?: Platform | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an image of Docker's store. The engine gives out images whole (`docker save`): that is done
 * once, into the spool, and where the documents are known from before only when a layer is asked
 * for. Throws UserError.
 */
export async function openEngineImage(options: EngineOptions): Promise<OpenedImage> {
  const { id, documents, platform } = options;
  const kept = documents === undefined ? undefined : await keptDocuments(documents, id);
  if (kept !== undefined) {
    // Whatever is wrong with what was kept, the engine still has the image.
    const opened = await openKept(options, kept).catch(() => undefined);
    if (opened !== undefined) return opened;
  }
  const image = await openSaved(options);
  // Of one platform alone not all that the next call may need is known.
  if (documents !== undefined && platform === undefined)
    await keepDocuments(documents, id, image).catch(async (error: unknown) => {
      if (error instanceof UserError) return;
      await image.close();
      throw error;
    });
  return image;
}

async function openKept(options: EngineOptions, kept: EngineDocuments): Promise<OpenedImage> {
  const { name, platform } = options;
  return openBlobImage({
    ...lazyBlobs(options, kept.root),
    name,
    place: 'engine',
    root: kept.root,
    entries: [],
    read: readKept(kept),
    withoutAttachments: kept.withoutAttachments,
    platform,
  });
}

/** The blobs of an image that is saved when the first of them is asked for. */
function lazyBlobs(
  options: EngineOptions,
  root: Descriptor,
): { readonly blobs: BlobSource; readonly close: () => Promise<void> } {
  let saved: Promise<OpenedImage> | undefined;
  const open = async (): Promise<OpenedImage> => {
    const image = await openSaved(options);
    if (image.root.digest === root.digest) return image;
    await image.close();
    throw otherImage(options.id);
  };
  const find = async (digest: Digest) => {
    const image = await (saved ??= open());
    const layers = image.platforms.flatMap((platform) => platform.layers);
    const layer = layers.find(({ blob }) => blob.digest === digest)?.blob;
    if (layer === undefined) throw otherImage(options.id);
    return { image, layer };
  };
  return {
    blobs: {
      // Layers are there: the image was opened whole before. Whether the engine still has it shows
      // when it is saved.
      size: () => Promise.resolve(0),
      openRead: async function* (digest) {
        const { image, layer } = await find(digest);
        yield* await image.openLayer(layer);
      },
      file: async (digest) => {
        const { image, layer } = await find(digest);
        return image.layerFile?.(layer);
      },
    },
    close: async () => {
      const image = await saved?.catch(() => undefined);
      await image?.close();
    },
  };
}

async function openSaved(options: EngineOptions): Promise<OpenedImage> {
  const { id, name, engine, spoolDir, platform } = options;
  const file = await spooledBy(spoolDir, name, (take) => engine.save(id, take));
  return openSpooled(file, { name, platform }, 'engine');
}
