import { UserError } from '../../lib/errors.ts';
import {
  type AttachedLists,
  type Content,
  type Descriptor,
  isIndex,
  MEDIA_TYPE,
  type OpenedImage,
  type Platform,
} from '../../model/image.ts';
import {
  type Digest,
  formatReference,
  type ImageReference,
  withDefaultTag,
} from '../../model/reference.ts';
import { isForeign, MissingLayerError, openRoot } from '../attachments.ts';
import { checkSize, type ReadDocument, required, verified, wholeOf } from '../blob-store.ts';
import { MAX_DOCUMENT_BYTES } from '../documents.ts';
import type { FetchedManifest, RegistryClient } from './client.ts';
import { RegistryError } from './http.ts';

const MOST_KEPT = 64 * 1024;

interface RegistryImage {
  readonly name: string;
  readonly reference: ImageReference;
  readonly client: RegistryClient;
  readonly platform?: Platform | undefined;
  /** The manifest of the name, where it was fetched. */
  readonly root?: FetchedManifest;
}

/**
 * Opens an image of a registry. Layers are streamed on request, and nothing is written to disk.
 * Throws UserError if the registry does not have it or it is not a container image.
 */
export async function openRegistryImage(image: RegistryImage): Promise<OpenedImage> {
  const { name, client, platform } = image;
  const { registry, repository, tag, digest } = withDefaultTag(image.reference);
  // Of a name with tag and digest, the digest counts, as everywhere.
  const wanted = digest ?? tag ?? 'latest';
  const { descriptor: root, bytes } = image.root ?? (await client.getManifest(repository, wanted));
  const fetched = new Map([[root.digest, bytes]]);
  const read = readFrom(client, repository, fetched);
  const lists: AttachedLists = {
    referrers: (subject) => client.referrers(repository, subject),
    tagged: async (tag) => {
      const found = await client.findManifest(repository, tag);
      if (found !== undefined) fetched.set(found.descriptor.digest, found.bytes);
      return found?.descriptor;
    },
  };
  const opened = await openRoot(root, { name, read, platform }, { ...lists, read });
  return {
    ...opened,
    place: 'registry',
    whole: {
      content: contentOf(client, repository, read, fetched),
      lists,
      names: tag === undefined ? [] : [formatReference({ registry, repository, tag })],
    },
    openLayer: (layer) => Promise.resolve(layerBytes(client, repository, layer)),
    hasLayer: ({ digest }) => client.hasBlob(repository, digest).catch(() => true),
    close: () => Promise.resolve(),
  };
}

/** Manifests and blobs come from different places of a registry. Skips what is in `fetched`. */
export function readFrom(
  client: RegistryClient,
  repository: string,
  fetched: ReadonlyMap<Digest, Uint8Array> = new Map(),
): ReadDocument {
  return async (descriptor, cap) => {
    const here = fetched.get(descriptor.digest);
    if (here !== undefined) return verified(descriptor, here);
    if (isManifest(descriptor.mediaType)) {
      const found = await client.findManifest(repository, descriptor.digest);
      return found === undefined ? undefined : verified(descriptor, found.bytes);
    }
    checkSize(descriptor, descriptor.size, cap);
    try {
      return await wholeOf(client.getBlob(repository, descriptor), cap);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
}

function contentOf(
  client: RegistryClient,
  repository: string,
  read: ReadDocument,
  fetched: Map<Digest, Uint8Array>,
): Content {
  const name = `${client.connection.registry}/${repository}`;
  const whole = required(read, name, MAX_DOCUMENT_BYTES);
  return {
    has: (digest) => client.hasBlob(repository, digest),
    readDocument: async (descriptor) => {
      const bytes = await whole(descriptor);
      // Asked for several times while an image is copied.
      if (bytes.length <= MOST_KEPT) fetched.set(descriptor.digest, bytes);
      return bytes;
    },
    openRead: (digest, { start = 0, size }) => {
      const blob = { mediaType: 'application/octet-stream', digest, size };
      return client.getBlob(repository, blob, { start });
    },
  };
}

async function* layerBytes(
  client: RegistryClient,
  repository: string,
  layer: Descriptor,
): AsyncIterable<Uint8Array> {
  try {
    yield* client.getBlob(repository, layer, { verify: false });
  } catch (error) {
    if (!isMissing(error) && !(isForeign(layer) && isRefused(error))) throw error;
    throw new MissingLayerError(layer, client.connection.registry, error);
  }
}

function isManifest(mediaType: string): boolean {
  return (
    isIndex(mediaType) ||
    mediaType === MEDIA_TYPE.manifest ||
    mediaType === MEDIA_TYPE.dockerManifest
  );
}

function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

/** Some registries answer otherwise for a blob that they only know the address of. */
function isRefused(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 401 && status !== 429;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof UserError && error.cause instanceof RegistryError
    ? error.cause.status
    : undefined;
}
