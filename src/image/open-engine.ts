import { UserError } from '../lib/errors.ts';
import type { Descriptor, FileRange, OpenedImage, Platform } from '../model/image.ts';
import { type Digest, isDigest } from '../model/reference.ts';
import type { RandomFile } from './archive/archive-files.ts';
import { openArchive } from './archive/open-archive.ts';
import { startSpool } from './archive/spool.ts';
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

/** An engine's own store, as its client gives it out. */
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
  const { id, name, documents, platform } = options;
  const kept = documents === undefined ? undefined : await keptDocuments(documents, id);
  if (kept !== undefined) {
    // Whatever is wrong with what was kept, the engine still has the image.
    const opened = await openKept(options, kept).catch(() => undefined);
    if (opened !== undefined) return opened;
  }
  const file = await save(options);
  try {
    const image = await openArchive(file, { name, platform }, 'engine');
    if (documents !== undefined) await keep(options, documents, file, image);
    return image;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** If one platform is asked for, keeps the others' documents too: the next call may need them. */
async function keep(
  options: EngineOptions,
  cache: JsonCache,
  file: RandomFile,
  image: OpenedImage,
): Promise<void> {
  const { id, name } = options;
  try {
    const whole =
      options.platform === undefined ? image : await openArchive(file, { name }, 'engine');
    await keepDocuments(cache, id, whole);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

async function openKept(options: EngineOptions, kept: EngineDocuments): Promise<OpenedImage> {
  const { name, platform } = options;
  const archive = new LazyArchive(options, kept.root);
  return openBlobImage({
    name,
    place: 'engine',
    root: kept.root,
    entries: [],
    read: readKept(kept),
    blobs: archive,
    withoutAttachments: kept.withoutAttachments,
    close: () => archive.close(),
    platform,
  });
}

/** The blobs of an image that is saved when the first of them is asked for. */
class LazyArchive implements BlobSource {
  readonly #options: EngineOptions;
  readonly #root: Descriptor;
  #saved: Promise<OpenedImage> | undefined;

  constructor(options: EngineOptions, root: Descriptor) {
    this.#options = options;
    this.#root = root;
  }

  // Layers are there: the image was opened whole before. Whether the engine still has it shows when
  // it is saved.
  size = (): Promise<number> => Promise.resolve(0);

  openRead = (digest: Digest): AsyncIterable<Uint8Array> => this.#read(digest);

  file = async (digest: Digest): Promise<FileRange | undefined> => {
    const { image, layer } = await this.#find(digest);
    return image.layerFile?.(layer);
  };

  async close(): Promise<void> {
    const image = await this.#saved?.catch(() => undefined);
    await image?.close();
  }

  async *#read(digest: Digest): AsyncIterable<Uint8Array> {
    const { image, layer } = await this.#find(digest);
    yield* await image.openLayer(layer);
  }

  async #find(
    digest: Digest,
  ): Promise<{ readonly image: OpenedImage; readonly layer: Descriptor }> {
    const image = await (this.#saved ??= this.#open());
    const layers = image.platforms.flatMap((platform) => platform.layers);
    const layer = layers.find(({ blob }) => blob.digest === digest)?.blob;
    if (layer === undefined) throw otherImage(this.#options.id);
    return { image, layer };
  }

  async #open(): Promise<OpenedImage> {
    const { name, platform } = this.#options;
    const file = await save(this.#options);
    try {
      const image = await openArchive(file, { name, platform }, 'engine');
      if (image.root.digest !== this.#root.digest) throw otherImage(this.#options.id);
      return image;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
}

async function save({ engine, id, spoolDir, name }: EngineOptions): Promise<RandomFile> {
  const spool = await startSpool(spoolDir, name);
  try {
    await engine.save(id, (chunk) => spool.write(chunk));
    return await spool.finish();
  } catch (error) {
    await spool.discard();
    throw error;
  }
}
