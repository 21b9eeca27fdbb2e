import { type Digest, parseDigest } from '../model/digest.ts';
import { UserError } from '../model/errors.ts';
import {
  CONTAINERD_NAME,
  type Descriptor,
  isAttestationManifest,
  isIndex,
  REF_NAME,
} from '../model/oci.ts';
import { parseIndex } from './documents.ts';

/** An index in an index in an index is more than any tool writes. */
const MAX_DEPTH = 3;

/** An image that a layout's index.json lists, with all its full names. */
interface ExportedImage {
  readonly descriptor: Descriptor;
  readonly names: readonly string[];
}

/** BuildKit's attestations of one platform manifest. */
export interface AttestationManifest {
  readonly descriptor: Descriptor;
  /** The platform manifest they speak of (`vnd.docker.reference.digest`). */
  readonly subject: Digest;
}

/** What an image is made of: a manifest a platform, and what BuildKit attested. */
interface ImageParts {
  readonly manifests: readonly Descriptor[];
  readonly attestations: readonly AttestationManifest[];
}

/**
 * The images of an index.json that buildx wrote. buildx 0.13 joins all tags by commas into one
 * `ref.name`; from 0.29 on there is one entry a tag, with `io.containerd.image.name` and a short
 * `ref.name`. Entries of the same digest become one image.
 */
export function readExportedIndex(bytes: Uint8Array): readonly ExportedImage[] {
  const images = new Map<Digest, { descriptor: Descriptor; names: string[] }>();
  for (const entry of parseIndex(bytes, 'index.json').manifests) {
    const { annotations, ...plain } = entry;
    const image = images.get(entry.digest) ?? { descriptor: plain, names: [] as string[] };
    for (const name of namesOf(annotations ?? {}))
      if (!image.names.includes(name)) image.names.push(name);
    images.set(entry.digest, image);
  }
  return [...images.values()];
}

function namesOf(annotations: Readonly<Record<string, string>>): readonly string[] {
  const full = annotations[CONTAINERD_NAME];
  if (full !== undefined) return [full];
  // A short name alone (`1`) says nothing of the repository.
  return (annotations[REF_NAME] ?? '').split(',').filter((name) => name.includes('/'));
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
