import { type Digest, isDigest } from '../model/digest.ts';
import { UserError } from '../model/errors.ts';
import type { Descriptor } from '../model/oci.ts';
import type { OpenedImage } from '../model/opened-image.ts';
import { checkSize, type ReadDocument, verified } from './blobs/blob-source.ts';
import { isDescriptor } from './documents.ts';
import type { JsonCache } from './layout/caches.ts';

/** An engine image's documents and attachments, so that reading again needs no `docker save`. */
export interface EngineDocuments {
  readonly root: Descriptor;
  readonly documents: ReadonlyMap<Digest, Uint8Array>;
  readonly withoutAttachments: string;
}

const MAX_KEPT_BYTES = 32 * 1024 * 1024;
const ENCODING = 'base64';

/** The kept documents of an image id, or undefined. Each is verified again when it is read. */
export async function keptDocuments(
  cache: JsonCache,
  id: Digest,
): Promise<EngineDocuments | undefined> {
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
export async function keepDocuments(
  cache: JsonCache,
  id: Digest,
  image: OpenedImage,
): Promise<void> {
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

/** Reads from what was kept. */
export function readKept({ documents }: EngineDocuments): ReadDocument {
  return (descriptor, cap) => {
    const bytes = documents.get(descriptor.digest);
    if (bytes === undefined) return Promise.resolve(undefined);
    checkSize(descriptor, bytes.length, cap);
    return Promise.resolve(verified(descriptor, bytes));
  };
}

/** The error of an engine whose image changed under its id, which is a digest: it cannot. */
export function otherImage(id: Digest): UserError {
  return new UserError(`Docker gave out another image than ${id}`, {
    nextStep: 'Run it again; `docker image inspect` shows what the engine has.',
  });
}

function keyOf(id: Digest): string {
  return `engine ${id}`;
}
