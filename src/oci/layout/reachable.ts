import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, isIndex, MEDIA_TYPE } from '../../model/oci.ts';
import type { Content } from '../../model/opened-image.ts';
import { parseIndex, parseManifest } from '../documents.ts';

/** What an image consists of, children before their parents. */
interface ImageGraph {
  /** Indexes and manifests, each behind those it lists. */
  readonly manifests: readonly Descriptor[];
  /** Configs and layers. */
  readonly blobs: readonly Descriptor[];
}

const MAX_DEPTH = 4;
/** An image has a few for each platform; who lists more keeps a reader busy without an end. */
const MAX_MANIFESTS = 10_000;

/**
 * Everything that `roots` lead to. `onUnreadable` is told of a manifest that is missing or damaged;
 * without it that throws. Throws UserError where indexes nest more than 4 deep, or there are more
 * than 10,000 manifests: nothing is left out unsaid.
 */
export async function reachable(
  store: Pick<Content, 'readDocument'>,
  roots: readonly Descriptor[],
  onUnreadable?: (descriptor: Descriptor) => void,
): Promise<ImageGraph> {
  const manifests = new Map<Digest, Descriptor>();
  const blobs = new Map<Digest, Descriptor>();
  let visited = 0;
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    if (manifests.has(descriptor.digest)) return;
    if (depth > MAX_DEPTH)
      throw new UserError(`${descriptor.digest} is in indexes of more than ${MAX_DEPTH} levels`);
    if (++visited > MAX_MANIFESTS)
      throw new UserError(`there are more than ${MAX_MANIFESTS} manifests`);
    const children = await childrenOf(store, descriptor).catch((error: unknown) => {
      if (onUnreadable === undefined) throw error;
      onUnreadable(descriptor);
      return undefined;
    });
    for (const child of children?.manifests ?? []) await visit(child, depth + 1);
    for (const blob of children?.blobs ?? []) blobs.set(blob.digest, blob);
    manifests.set(descriptor.digest, descriptor);
  };
  for (const root of roots) await visit(root, 0);
  return { manifests: [...manifests.values()], blobs: [...blobs.values()] };
}

async function childrenOf(
  store: Pick<Content, 'readDocument'>,
  descriptor: Descriptor,
): Promise<ImageGraph> {
  const { mediaType, digest } = descriptor;
  if (isIndex(mediaType)) {
    const { manifests } = parseIndex(await store.readDocument(descriptor), digest);
    return { manifests, blobs: [] };
  }
  if (mediaType !== MEDIA_TYPE.manifest && mediaType !== MEDIA_TYPE.dockerManifest)
    return { manifests: [], blobs: [descriptor] };
  const { config, layers } = parseManifest(await store.readDocument(descriptor), digest);
  return { manifests: [], blobs: [config, ...layers] };
}
