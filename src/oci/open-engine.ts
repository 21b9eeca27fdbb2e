import type { Digest } from '../model/digest.ts';
import { UserError } from '../model/errors.ts';
import type { Descriptor, Platform } from '../model/oci.ts';
import type { OpenedImage } from '../model/opened-image.ts';
import type { FileRange } from '../model/walk.ts';
import { openArchive } from './archive/open-archive.ts';
import type { RandomFile } from './archive/random-file.ts';
import { startSpool } from './archive/spool.ts';
import type { BlobSource } from './blobs/blob-source.ts';
import {
  keepDocuments,
  keptDocuments,
  type EngineDocuments,
  otherImage,
  readKept,
} from './engine-documents.ts';
import type { JsonCache } from './layout/caches.ts';
import { openBlobImage } from './layout/open-layout.ts';

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
