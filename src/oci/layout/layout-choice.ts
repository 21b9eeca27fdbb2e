import { type Digest, digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, isIndex, MEDIA_TYPE, platformName } from '../../model/oci.ts';
import type { ReadDocument } from '../blobs/blob-source.ts';
import { isRunnable } from '../document-checks.ts';
import { MAX_DOCUMENT_BYTES, parseIndex, parseManifest } from '../documents.ts';
import { artifactKind } from '../image-kind.ts';
import { quoted } from '../quoted-text.ts';
import { bearsName, engineNames, isAttached, isNamed, namesOf, plain } from './layout-entries.ts';

/** What a layout's index.json says is in it. */
export interface LayoutIndex {
  readonly bytes: Uint8Array;
  readonly entries: readonly Descriptor[];
}

export function readLayoutIndex(bytes: Uint8Array, name: string): LayoutIndex {
  return { bytes, entries: parseIndex(bytes, `index.json of ${name}`).manifests };
}

/** More than that in one layout is a registry of its own; the image is then to be named. */
const MAX_LOOKED_AT = 200;

/**
 * The image of a layout that is meant: the one of that name, tag or digest, else its only one.
 * Where the entries are the platforms of one image, index.json itself is its index. Throws
 * UserError that lists the names where several fit.
 */
export async function chooseImage(
  { bytes, entries }: LayoutIndex,
  read: ReadDocument,
  options: { readonly name: string; readonly wanted: string | undefined },
): Promise<Descriptor> {
  const { name, wanted } = options;
  const named =
    wanted === undefined
      ? entries.filter((entry) => !isAttached(entry))
      : entries.filter((entry) => isNamed(entry, wanted));
  const distinct = distinctOf(named);
  const [only, ...others] = distinct;
  if (only === undefined) throw noImage(entries, name, wanted);
  if (others.length === 0) return plain(only);
  const images = wanted === undefined ? await imagesOf(distinct, read) : distinct;
  const [image, ...more] = images;
  if (image !== undefined && more.length === 0) return plain(image);
  if (images.length > 1 && arePlatforms(images))
    return { mediaType: MEDIA_TYPE.index, digest: digestOf(bytes), size: bytes.length };
  throw new UserError(`${name} contains ${images.length} images: ${listed(images)}`, {
    nextStep: `Say which: ${name}:TAG, or ${name}@sha256:...`,
  });
}

/**
 * Entries that bear a name of one of `meant`, and are another image: of a name containerd loads the
 * last, and skopeo the first, whichever its platform.
 */
export function namesakes(
  entries: readonly Descriptor[],
  meant: ReadonlySet<Digest>,
): readonly Descriptor[] {
  const own = entries.filter(({ digest }) => meant.has(digest));
  const names = new Set(own.flatMap(engineNames));
  const others = entries.filter((entry) => engineNames(entry).some((name) => names.has(name)));
  return distinctOf(others).filter(({ digest }) => !meant.has(digest));
}

/**
 * Entries that are no image, are about another one, or are a part of an index that is listed too
 * (as oras does it) are left out; what cannot be read is kept, so that it is named.
 */
async function imagesOf(
  entries: readonly Descriptor[],
  read: ReadDocument,
): Promise<readonly Descriptor[]> {
  const images: Descriptor[] = [];
  const parts = new Set<Digest>();
  for (const entry of entries.slice(0, MAX_LOOKED_AT))
    if (isIndex(entry.mediaType)) {
      images.push(entry);
      for (const part of await partsOf(entry, read)) parts.add(part);
    } else if (await isImage(entry, read)) images.push(entry);
  return [...images, ...entries.slice(MAX_LOOKED_AT)].filter(({ digest }) => !parts.has(digest));
}

async function partsOf(entry: Descriptor, read: ReadDocument): Promise<readonly Digest[]> {
  const bytes = await read(entry, MAX_DOCUMENT_BYTES);
  try {
    return bytes === undefined
      ? []
      : parseIndex(bytes, entry.digest).manifests.map(({ digest }) => digest);
  } catch {
    return [];
  }
}

async function isImage(entry: Descriptor, read: ReadDocument): Promise<boolean> {
  const bytes = await read(entry, MAX_DOCUMENT_BYTES);
  if (bytes === undefined) return true;
  try {
    const manifest = parseManifest(bytes, entry.digest);
    // About another or not: an engine asks for no subject.
    if (artifactKind(manifest) === undefined) return true;
    if (!bearsName(entry)) return false;
    const config = await read(manifest.config, MAX_DOCUMENT_BYTES);
    return config !== undefined && isRunnable(manifest, config);
  } catch {
    return false;
  }
}

/** Some tools list one image's platforms in index.json: all distinct, under one name or none. */
function arePlatforms(images: readonly Descriptor[]): boolean {
  const platforms = images.flatMap(({ platform }) => (platform ? [platformName(platform)] : []));
  const names = new Set(images.map((image) => namesOf(image).join()));
  return new Set(platforms).size === images.length && names.size === 1;
}

function distinctOf(entries: readonly Descriptor[]): readonly Descriptor[] {
  return [...new Map<Digest, Descriptor>(entries.map((entry) => [entry.digest, entry])).values()];
}

function noImage(
  entries: readonly Descriptor[],
  name: string,
  wanted: string | undefined,
): UserError {
  if (wanted === undefined) return new UserError(`${name} does not contain an image`);
  return new UserError(
    `${name} does not contain ${quoted(wanted)}, but ${listed(distinctOf(entries.filter((e) => !isAttached(e))))}`,
    { nextStep: 'Name one that it has.' },
  );
}

function listed(images: readonly Descriptor[]): string {
  const shown = images.slice(0, 10).map((image) => {
    const [first] = namesOf(image);
    return first === undefined ? image.digest : quoted(first).slice(1, -1);
  });
  return shown.length === 0 ? 'nothing' : `${shown.join(', ')}${images.length > 10 ? ' ...' : ''}`;
}
