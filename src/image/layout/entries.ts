// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../lib/errors.ts';
import { lookup } from '../../lib/json.ts';
import { makeFolders } from '../../lib/make-folders.ts';
import {
  CONTAINERD_NAME,
  type Descriptor,
  isIndex,
  MEDIA_TYPE,
  platformName,
  REF_NAME,
} from '../../model/image.ts';
import { type Digest, digestHex, digestOf, fullName, parseDigest } from '../../model/reference.ts';
import type { BlobStore, ReadDocument } from '../blob-store.ts';
import { errorCode, readError } from '../disk.ts';
import { MAX_DOCUMENT_BYTES, parseIndex, parseManifest, quoted } from '../documents.ts';
import { plain } from '../image-index.ts';
import { artifactKind, isRunnable } from '../opened-documents.ts';
import {
  missingLayers,
  readTaggedEntries,
  taggedEntries,
  type TaggedManifest,
  writeTaggedManifest,
} from '../referrers.ts';

/**
 * A file of at most 4 MiB, undefined where there is none. Throws UserError for a pipe or device
 * without opening it, because it may never answer.
 */
export async function smallFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new UserError(`${path} is not a file`);
    if (found.size > MAX_DOCUMENT_BYTES) throw new UserError(`${path} is larger than 4 MiB`);
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined;
    throw readError(error, path);
  }
}

/** How `cosign save` marks what it writes beside the image. */
const COSIGN_KIND = 'kind';
const COSIGN_KINDS = lookup<'sig' | 'att' | undefined>({
  'dev.cosignproject.cosign/sigs': 'sig',
  'dev.cosignproject.cosign/atts': 'att',
});
const ATTACHED_TAG = /^sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/;

/** The names of an entry of index.json: containerd's in full, and the short ones. */
function namesOf({ annotations = {} }: Descriptor): readonly string[] {
  const full = annotations[CONTAINERD_NAME];
  // buildx 0.13 joins all tags by commas.
  const short = (annotations[REF_NAME] ?? '').split(',').filter((name) => name !== '');
  return [...(full === undefined ? [] : [full]), ...short];
}

/** The names under which an engine loads an entry: containerd's in full, else the short ones. */
export function engineNames(entry: Descriptor): readonly string[] {
  const full = entry.annotations?.[CONTAINERD_NAME];
  return full === undefined ? namesOf(entry) : [full];
}

/** True where a name is an image's. An engine loads such an entry, whatever else it says. */
function bearsName(entry: Descriptor): boolean {
  return namesOf(entry).some((name) => !ATTACHED_TAG.test(name));
}

/** True where an entry belongs to another: a referrer, tagged signature, or `cosign save` entry. */
function isAttached(entry: Descriptor): boolean {
  if (bearsName(entry)) return false;
  return (
    entry.artifactType !== undefined ||
    cosignKind(entry) !== undefined ||
    ATTACHED_TAG.test(entry.annotations?.[REF_NAME] ?? '')
  );
}

/** `sig` or `att` where `cosign save` wrote the entry for the layout's one image. */
export function cosignKind({ annotations = {} }: Descriptor): 'sig' | 'att' | undefined {
  return COSIGN_KINDS[annotations[COSIGN_KIND] ?? ''];
}

export function taggedEntry(entries: readonly Descriptor[], tag: string): Descriptor | undefined {
  const found = entries.find((entry) => entry.annotations?.[REF_NAME] === tag);
  return found === undefined ? undefined : plain(found);
}

/** True where the user's word for an image is one of the entry's names, its tag or its digest. */
function isNamed(entry: Descriptor, wanted: string): boolean {
  if (parseDigest(wanted) === entry.digest) return true;
  const full = fullName(wanted);
  return namesOf(entry).some(
    (name) => name === wanted || (full !== undefined && full === fullName(name)),
  );
}

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
 * Leaves out entries that are not images, are about another one, or are part of a listed index (as
 * oras writes it). Entries that cannot be read are kept, so that an error can name them.
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

/** What a folder's layout lists; empty if none. Throws UserError if its index cannot be read. */
export async function layoutEntries(folder: string): Promise<readonly Descriptor[]> {
  const bytes = await smallFile(join(folder, 'index.json'));
  return bytes === undefined ? [] : readLayoutIndex(bytes, folder).entries;
}

/**
 * The entries of a layout after `added` is put beside those of `before`. A name points to the new
 * image, signatures under one cosign tag are merged, and all else stays. The blobs are in the
 * layout already.
 */
export async function mergedEntries(
  blobs: BlobStore,
  before: readonly Descriptor[],
  added: readonly Descriptor[],
): Promise<readonly Descriptor[]> {
  const there = new Map(before.map((entry) => [nameOf(entry), entry]));
  const merged: Descriptor[] = [];
  for (const entry of added) {
    const other = there.get(nameOf(entry));
    there.delete(nameOf(entry));
    merged.push(other === undefined ? entry : await mergedEntry(blobs, other, entry));
  }
  return [...there.values(), ...merged];
}

function nameOf(entry: Descriptor): string {
  return namesOf(entry)[0] ?? entry.digest;
}

async function mergedEntry(
  blobs: BlobStore,
  there: Descriptor,
  added: Descriptor,
): Promise<Descriptor> {
  const [tagged] = readTaggedEntries([added]);
  if (tagged === undefined || there.digest === added.digest) return added;
  // cosign reads one SBOM under a tag and no more: what is there stays.
  if (tagged.tag.endsWith('.sbom')) return there;
  const [first, second] = await Promise.all(
    [there, added].map(
      async (entry) => parseManifest(await blobs.readDocument(entry), tagged.tag).layers,
    ),
  );
  const layers = [...(first ?? []), ...missingLayers(first ?? [], second ?? [])];
  const descriptor = await writeTaggedManifest(blobs, layers);
  const [entry = added] = taggedEntries([{ tag: tagged.tag, descriptor }]);
  return entry;
}

const KINDS = 'dev.cosignproject.cosign/';

/**
 * The entries of a layout for an image and all that is said of it: the image under each name,
 * referrers as `oras copy -r` lists them, cosign's manifests by their tags. Those of the image
 * itself are marked as `cosign save` does, for `cosign verify --local-image` and `cosign load`,
 * which want each mark once.
 */
export function wholeEntries(
  named: readonly Descriptor[],
  referrers: readonly Descriptor[],
  tagged: readonly TaggedManifest[],
): readonly Descriptor[] {
  const [first, ...others] = named;
  if (first === undefined) return [];
  const image = marked(first, isIndex(first.mediaType) ? 'imageIndex' : 'image');
  return [
    image,
    ...others,
    ...referrers,
    ...taggedEntries(tagged).map((entry, at) => {
      const kind = kindOf(tagged[at]?.tag, first.digest);
      return kind === undefined ? entry : marked(entry, kind);
    }),
  ];
}

function kindOf(tag: string | undefined, image: Digest): string | undefined {
  if (tag === `sha256-${digestHex(image)}.sig`) return 'sigs';
  return tag === `sha256-${digestHex(image)}.att` ? 'atts' : undefined;
}

function marked(entry: Descriptor, kind: string): Descriptor {
  return { ...entry, annotations: { ...entry.annotations, kind: `${KINDS}${kind}` } };
}

/**
 * Writes a layout for another program: these manifests, listed, and these blobs, nothing else.
 * Throws UserError where bytes are not what their digest says.
 */
export async function writeSmallLayout(
  folder: string,
  read: (descriptor: Descriptor) => Promise<Uint8Array>,
  manifests: readonly Descriptor[],
  blobs: readonly Descriptor[],
): Promise<void> {
  const blobDir = join(folder, 'blobs', 'sha256');
  await makeFolders(blobDir, { mode: 0o700 });
  for (const descriptor of [...manifests, ...blobs]) {
    const bytes = await read(descriptor);
    if (digestOf(bytes) !== descriptor.digest)
      throw new UserError(`${descriptor.digest} is not what lies under its digest`);
    await writeFile(join(blobDir, digestHex(descriptor.digest)), bytes, { mode: 0o600 });
  }
  const listed = manifests.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  const index = { schemaVersion: 2, manifests: listed };
  await writeFile(join(folder, 'index.json'), JSON.stringify(index));
  await writeFile(join(folder, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
}
