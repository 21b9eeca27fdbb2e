import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import {
  CONTAINERD_NAME,
  type Content,
  type Descriptor,
  isAttestationManifest,
  isIndex,
  MEDIA_TYPE,
  REF_NAME,
} from '../model/image.ts';
import { type Digest, parseDigest } from '../model/reference.ts';
import { parseIndex, parseManifest } from './documents.ts';

const MAX_DEPTH = 3;

/** BuildKit's attestations of one platform manifest. */
export interface AttestationManifest {
  readonly descriptor: Descriptor;
  /** The platform manifest they speak of (`vnd.docker.reference.digest`). */
  readonly subject: Digest;
}

interface ImageParts {
  readonly manifests: readonly Descriptor[];
  readonly attestations: readonly AttestationManifest[];
}

/** The images of an index.json that buildx wrote, which lists one again for each of its tags. */
export function readExportedIndex(bytes: Uint8Array): readonly Descriptor[] {
  const { manifests } = parseIndex(bytes, 'index.json');
  return [...new Map(manifests.map((one) => [one.digest, plain(one)])).values()];
}

/** The entry without annotations, which are names in an index.json and not part of the image. */
export function plain({ mediaType, digest, size, platform }: Descriptor): Descriptor {
  return { mediaType, digest, size, ...given({ platform }) };
}

/** Our index.json entries: one per name, as Docker, containerd and buildx read it, or unnamed. */
export function namedEntries(
  descriptor: Descriptor,
  names: readonly { readonly full: string; readonly tag: string }[],
): readonly Descriptor[] {
  if (names.length === 0) return [descriptor];
  return names.map(({ full, tag }) => ({
    ...descriptor,
    annotations: { ...descriptor.annotations, [CONTAINERD_NAME]: full, [REF_NAME]: tag },
  }));
}

/** The full name of an index.json entry of ours. */
export function entryName(descriptor: Descriptor): string | undefined {
  return descriptor.annotations?.[CONTAINERD_NAME];
}

/**
 * Follows `root` to its platform manifests and BuildKit's attestation manifests. `read` gives a
 * document's verified bytes. Throws UserError where an index is nested deeper than three or lists
 * itself.
 */
export async function imageParts(
  root: Descriptor,
  read: (descriptor: Descriptor) => Promise<Uint8Array>,
): Promise<ImageParts> {
  const manifests: Descriptor[] = [];
  const attestations: AttestationManifest[] = [];
  const seen = new Set<string>();
  const visit = async (descriptor: Descriptor, depth: number): Promise<void> => {
    const subject = isAttestationManifest(descriptor)
      ? descriptor.annotations?.['vnd.docker.reference.digest']
      : undefined;
    // Where two platforms are attested with the same bytes, one manifest is listed for each.
    const name = `${descriptor.digest} ${subject ?? ''}`;
    if (seen.has(name)) return;
    seen.add(name);
    if (isAttestationManifest(descriptor)) {
      const attested = parseDigest(subject);
      if (attested !== undefined) attestations.push({ descriptor, subject: attested });
    } else if (!isIndex(descriptor.mediaType)) manifests.push(descriptor);
    else if (depth >= MAX_DEPTH)
      throw new UserError(`image index ${root.digest} is nested too deeply`);
    else
      for (const child of parseIndex(await read(descriptor), descriptor.digest).manifests)
        await visit(child, depth + 1);
  };
  await visit(root, 0);
  return { manifests, attestations };
}

interface ImageGraph {
  /** Indexes and manifests, each behind those it lists. */
  readonly manifests: readonly Descriptor[];
  readonly blobs: readonly Descriptor[];
}

const MAX_DEPTH_OF_REACHABLE = 4;
/** An image has a few for each platform; who lists more keeps a reader busy without an end. */
const MAX_MANIFESTS = 10_000;

/**
 * Everything that `roots` refer to. `onUnreadable` gets each manifest that is missing or damaged;
 * without it that throws. Throws UserError if indexes nest more than 4 deep or there are more than
 * 10,000 manifests, so that nothing is left out silently.
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
    if (depth > MAX_DEPTH_OF_REACHABLE)
      throw new UserError(
        `${descriptor.digest} is in indexes of more than ${MAX_DEPTH_OF_REACHABLE} levels`,
      );
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
