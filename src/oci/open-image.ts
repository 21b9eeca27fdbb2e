import { messageOf, ToolError, UserError } from '../model/errors.ts';
import type { Platform } from '../model/oci.ts';
import type { OpenedImage } from '../model/opened-image.ts';
import { formatReference, type ImageReference, withDefaultTag } from '../model/reference.ts';
import { openArchiveFile, openArchiveStream } from './archive/open-archive.ts';
import { folderBlobs } from './blobs/blob-source.ts';
import { entryName } from './image-index.ts';
import type { ImageName } from './image-source.ts';
import type { JsonCache } from './layout/caches.ts';
import { plain } from './layout/layout-entries.ts';
import type { LayoutStore } from './layout/layout-store.ts';
import { openBlobImage, openLayoutFolder } from './layout/open-layout.ts';
import { type EngineImages, openEngineImage } from './open-engine.ts';
import { openRegistryImage } from './registry/open-registry.ts';
import type { RegistryClient } from './registry/registry-client.ts';

export interface OpenOptions {
  /** Where a name is looked for that says no place, first to last. */
  readonly order: readonly ('store' | 'engine' | 'registry')[];
  /** The client of a registry; it says by itself whether that one speaks plain HTTP. */
  readonly client: (registry: string) => RegistryClient;
  readonly engine: EngineImages;
  readonly store: () => Promise<LayoutStore>;
  readonly stdin: () => AsyncIterable<Uint8Array>;
  /** A folder for archives that can be read only once; it is made where it is not there. */
  readonly spoolDir: string;
  /** Keeps documents of engine images by id. */
  readonly documents?: JsonCache | undefined;
  /** Only this platform; all where none is given. */
  readonly platform?: Platform | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an image wherever it lies. Its documents are read and verified, its layers not yet. The
 * caller closes it. Throws UserError where it is not there, is no container image, is malformed, or
 * lacks the platform; nothing is left behind then.
 */
export async function openImage(name: ImageName, options: OpenOptions): Promise<OpenedImage> {
  const { text } = name;
  switch (name.place) {
    case 'registry':
      return openRegistry(text, name.reference, options);
    case 'store':
      return found(await openStore(text, name.reference, options), text, 'the layout of builds');
    case 'engine':
      return found(await openEngine(text, name.image, options), name.image, "Docker's store");
    case 'layout':
      return openLayoutFolder({ ...options, name: text, path: name.path, wanted: name.wanted });
    case 'archive':
      return openArchiveFile(name.path, { ...options, name: text, wanted: name.wanted });
    case 'stdin':
      return openArchiveStream(options.stdin(), { ...options, name: text });
    case 'named':
      return openNamed(text, name.reference, options);
  }
}

/**
 * An engine that cannot be asked does not keep the image from being found elsewhere. If it is not
 * found, the error says why the engine was not asked.
 */
async function openNamed(
  text: string,
  reference: ImageReference,
  options: OpenOptions,
): Promise<OpenedImage> {
  let note = '';
  for (const place of options.order)
    switch (place) {
      case 'store': {
        const stored = await openStore(text, reference, options);
        if (stored !== undefined) return stored;
        break;
      }
      case 'engine': {
        const id = await options.engine.find(text).catch((error: unknown) => {
          if (!(error instanceof UserError) && !(error instanceof ToolError)) throw error;
          note = `; Docker's store was not asked: ${messageOf(error)}`;
          return undefined;
        });
        if (id !== undefined) return openEngineImage({ ...options, name: text, ...id });
        break;
      }
      case 'registry':
        return openRegistry(text, reference, options).catch((error: unknown) => {
          throw withNote(error, note);
        });
    }
  throw new UserError(`${text} not found in ${options.order.join(' or ')}${note}`);
}

async function openRegistry(
  name: string,
  reference: ImageReference,
  options: OpenOptions,
): Promise<OpenedImage> {
  const { platform } = options;
  const client = options.client(reference.registry);
  return openRegistryImage({ name, reference, client, platform });
}

async function openEngine(
  name: string,
  image: string,
  options: OpenOptions,
): Promise<OpenedImage | undefined> {
  const id = await options.engine.find(image);
  return id === undefined ? undefined : openEngineImage({ ...options, name, ...id });
}

async function openStore(
  name: string,
  reference: ImageReference,
  options: OpenOptions,
): Promise<OpenedImage | undefined> {
  const store = await options.store();
  const full = formatReference(withDefaultTag(reference));
  const { digest } = reference;
  for (const { manifests } of await store.builds(digest ?? full)) {
    const entry = manifests.find((d) =>
      digest === undefined ? entryName(d) === full : d.digest === digest,
    );
    if (entry === undefined) continue;
    const image = { name, blobs: folderBlobs(store.blobs), root: plain(entry), entries: manifests };
    return openBlobImage({ ...image, platform: options.platform, place: 'store' });
  }
  return undefined;
}

function found(image: OpenedImage | undefined, name: string, where: string): OpenedImage {
  if (image !== undefined) return image;
  throw new UserError(`${where} has no ${name}`, { nextStep: `Fetch it, or try registry:${name}` });
}

function withNote(error: unknown, note: string): unknown {
  if (note === '' || !(error instanceof UserError)) return error;
  const { message, nextStep, cause, exitCode } = error;
  return new UserError(`${message}${note}`, {
    cause,
    exitCode,
    ...(nextStep === undefined ? {} : { nextStep }),
  });
}
