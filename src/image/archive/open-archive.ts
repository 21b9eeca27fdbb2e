import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { UserError } from '../../lib/errors.ts';
import {
  type Descriptor,
  type ImagePlace,
  MEDIA_TYPE,
  type OpenedImage,
  type Platform,
} from '../../model/image.ts';
import { type Digest, digestOf, fullName } from '../../model/reference.ts';
import { documentsOf } from '../blob-store.ts';
import { parseImageConfig, quoted, readShaped, SAVED } from '../documents.ts';
import { engineNames, readLayoutIndex } from '../layout/entries.ts';
import { checkVersion, openBlobImage, openFromIndex } from '../layout/open-layout.ts';
import { layerPath } from '../tar/tar-header.ts';
import { compressionOf } from '../walk/decompress.ts';
import {
  archiveBlobs,
  type ArchiveEntry,
  ArchiveFiles,
  openRandomFile,
  RandomFile,
  readEntries,
} from './archive-files.ts';
import { isTar, notATar, spooledBy } from './spool.ts';

/**
 * One image of a manifest.json (docker/spec, image/v1.2, "Combined Image JSON + Filesystem
 * Changeset Format").
 */
interface SavedImage {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

interface Saved {
  readonly Config?: string;
  readonly RepoTags?: readonly string[];
  readonly Layers?: readonly string[];
}

/** An image in the form that Docker saves, with the manifest that it has none of. */
interface DockerSaved {
  readonly root: Descriptor;
  readonly manifest: Uint8Array;
  readonly config: Uint8Array;
  readonly configDigest: Digest;
  /** Layers by the digests that the manifest gives them. */
  readonly known: ReadonlyMap<Digest, ArchiveEntry>;
}

const MAX_IMAGES = 1000;
const MAX_LAYERS = 1000;
const LAYER_TYPES = {
  none: MEDIA_TYPE.layer,
  gzip: MEDIA_TYPE.layerGzip,
  zstd: MEDIA_TYPE.layerZstd,
} as const;

/**
 * Reads the wanted image of a manifest.json, as `docker save` up to 24, podman, skopeo, bazel and
 * ko write it. The digest of an uncompressed layer is the diffID from the config, which is verified
 * when the layer is read. A compressed layer is hashed now. Throws UserError if the archive does
 * not match its manifest.json.
 */
async function readDockerSaved(
  files: ArchiveFiles,
  manifestJson: Uint8Array,
  wanted: string | undefined,
): Promise<DockerSaved> {
  const image = chooseSaved(readSaved(manifestJson, files.name), wanted, files.name);
  const config = await files.document(pathOf(image.config));
  if (config === undefined) throw missing(files.name, image.config);
  const { rootfs } = parseImageConfig(config, `the config of ${files.name}`);
  if (rootfs.diff_ids.length !== image.layers.length)
    throw new UserError(
      `${files.name} lists ${image.layers.length} layers, and its config ${rootfs.diff_ids.length}: it is damaged or forged`,
    );
  const known = new Map<Digest, ArchiveEntry>();
  const layers: Descriptor[] = [];
  for (const [i, path] of image.layers.entries()) {
    const entry = files.find(pathOf(path));
    const diffId = rootfs.diff_ids[i];
    if (entry === undefined || diffId === undefined) throw missing(files.name, path);
    const layer = await describeLayer(files, entry, diffId);
    known.set(layer.digest, entry);
    layers.push(layer);
  }
  const configDigest = digestOf(config);
  return { ...manifestOf(config, configDigest, layers), config, configDigest, known };
}

/**
 * For an archive in both forms: throws UserError if manifest.json, which Docker's classic store
 * loads, names an image that the index does not. With several images and one `wanted`, only images
 * with its names count, and names that manifest.json alone gives.
 */
async function checkSavedAgrees(
  files: ArchiveFiles,
  manifestJson: Uint8Array,
  wanted: string | undefined,
  chosen: {
    readonly entries: readonly Descriptor[];
    readonly root: Digest;
    readonly configs: ReadonlySet<Digest>;
  },
): Promise<void> {
  if (Buffer.from(manifestJson).toString('latin1').trim() === '[]') return;
  const others = chosen.entries.filter(({ digest }) => digest !== chosen.root);
  const ofOthers = new Set(others.flatMap(engineNames).map((name) => fullName(name)));
  const mayBeMeant = (image: SavedImage): boolean =>
    wanted === undefined ||
    isNamed(image, wanted) ||
    image.names.some((name) => fullName(name) === undefined || !ofOthers.has(fullName(name)));
  for (const { config } of readSaved(manifestJson, files.name).filter(mayBeMeant)) {
    const document = await files.document(pathOf(config));
    // Without its config no store loads it.
    if (document !== undefined && !chosen.configs.has(digestOf(document)))
      throw new UserError(
        `${files.name} contains two images: one by index.json, another by manifest.json`,
        { nextStep: 'Save the image again: which of the two is loaded depends on the engine.' },
      );
  }
}

export function manifestOf(
  config: Uint8Array,
  digest: Digest,
  layers: readonly Descriptor[],
): Pick<DockerSaved, 'root' | 'manifest'> {
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: { mediaType: MEDIA_TYPE.config, digest, size: config.length },
      layers,
    }),
  );
  const size = manifest.length;
  return { manifest, root: { mediaType: MEDIA_TYPE.manifest, digest: digestOf(manifest), size } };
}

async function describeLayer(
  files: ArchiveFiles,
  entry: ArchiveEntry,
  diffId: Digest,
): Promise<Descriptor> {
  const compression = compressionOf(await files.head(entry, 4));
  const mediaType = LAYER_TYPES[compression];
  if (compression === 'none') return { mediaType, digest: diffId, size: entry.size };
  const hash = createHash('sha256');
  for await (const chunk of files.content(entry)) hash.update(chunk);
  return { mediaType, digest: `sha256:${hash.digest('hex')}` as Digest, size: entry.size };
}

function readSaved(bytes: Uint8Array, name: string): readonly SavedImage[] {
  const list = readShaped(bytes, SAVED, `manifest.json of ${name}`) as readonly Saved[];
  if (list.length === 0 || list.length > MAX_IMAGES)
    throw new UserError(`manifest.json of ${name} lists ${list.length} images`);
  return list.map(({ Config: config, RepoTags: names = [], Layers: layers = [] }) => {
    if (config === undefined)
      throw new UserError(`manifest.json of ${name} does not name a config`);
    if (layers.length > MAX_LAYERS)
      throw new UserError(`${name} lists more than ${MAX_LAYERS} layers`);
    return { config, names, layers };
  });
}

function chooseSaved(
  images: readonly SavedImage[],
  wanted: string | undefined,
  name: string,
): SavedImage {
  const named = wanted === undefined ? images : images.filter((image) => isNamed(image, wanted));
  // One image under two names may be listed twice.
  const [first, ...others] = [...new Map(named.map((image) => [keyOf(image), image])).values()];
  if (first !== undefined && others.length === 0) return first;
  const listed = images.flatMap((image) => image.names).slice(0, 10);
  const shown = listed.map((text) => quoted(text).slice(1, -1)).join(', ');
  throw first === undefined
    ? new UserError(
        `${name} does not contain ${quoted(wanted ?? '')}, but ${shown || 'none with a name'}`,
      )
    : new UserError(
        `${name} contains ${others.length + 1} images: ${shown || 'none with a name'}`,
        {
          nextStep: `Say which: ${name}:IMAGE:TAG, or save one image alone.`,
        },
      );
}

function isNamed({ names }: SavedImage, wanted: string): boolean {
  const full = fullName(wanted);
  return names.some((name) => name === wanted || (full !== undefined && fullName(name) === full));
}

function keyOf({ config, layers }: SavedImage): string {
  return JSON.stringify([config, layers]);
}

/** As the entries are named, and as Docker joins it to the folder that it unpacked into. */
function pathOf(path: string): string {
  return layerPath(path) ?? path;
}

function missing(name: string, path: string): UserError {
  return new UserError(`${name} lacks ${quoted(path)}, which its manifest.json lists`, {
    nextStep: 'Save the image again.',
  });
}

export interface ArchiveOptions {
  readonly name: string;
  /** Name, tag or digest of the image in it; its only one where not given. */
  readonly wanted?: string | undefined;
  readonly platform?: Platform | undefined;
  /** A folder that a compressed archive, or one from a pipe, is kept in while it is open. */
  readonly spoolDir: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens an OCI layout or what `docker save` wrote, as a tar archive on disk: compressed ones are
 * unpacked into the spool first, the others are read where they lie. Throws UserError.
 */
export async function openArchiveFile(path: string, options: ArchiveOptions): Promise<OpenedImage> {
  return openSpooled(await plainTar(path, options), options);
}

/** A tar archive on disk, unpacked into the spool where it is compressed or a pipe. */
export async function plainTar(path: string, options: ArchiveOptions): Promise<RandomFile> {
  const file = await openRandomFile(path);
  if (!(file instanceof RandomFile)) return spooled(pipeOf(file), options);
  const head = await file.read(0, 512);
  if (compressionOf(head) !== 'none')
    return spooled(file.stream(0, file.size), options).finally(() => file.close());
  if (isTar(head)) return file;
  await file.close();
  throw notATar(options.name);
}

export async function openArchiveStream(
  content: AsyncIterable<Uint8Array>,
  options: ArchiveOptions,
): Promise<OpenedImage> {
  return openSpooled(await spooled(content, options), options);
}

function spooled(
  content: AsyncIterable<Uint8Array>,
  { spoolDir, name, signal }: ArchiveOptions,
): Promise<RandomFile> {
  return spooledBy(spoolDir, name, async (take) => {
    for await (const chunk of content) {
      signal?.throwIfAborted();
      await take(chunk);
    }
  });
}

/** Opens an archive, and closes its file where that fails. */
export async function openSpooled(
  file: RandomFile,
  options: Omit<ArchiveOptions, 'spoolDir'>,
  place: ImagePlace = 'archive',
): Promise<OpenedImage> {
  try {
    return await openArchive(file, options, place);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Opens an archive by its index. Closing the image closes the file. */
async function openArchive(
  file: RandomFile,
  options: Omit<ArchiveOptions, 'spoolDir'>,
  place: ImagePlace,
): Promise<OpenedImage> {
  const { name, wanted, platform } = options;
  const files = new ArchiveFiles(file, await readEntries(file, name), name);
  const saved = await files.document('manifest.json');
  const whole = {
    name,
    place,
    close: () => file.close(),
    withoutAttachments: saved === undefined ? undefined : withoutAttachments(place),
  };
  const image = { ...whole, platform };
  const bytes = await files.document('index.json');
  const index = bytes === undefined ? undefined : readLayoutIndex(bytes, name);
  // Docker 25 lists an image without a name in manifest.json alone.
  if (index !== undefined && (index.entries.length > 0 || saved === undefined)) {
    checkVersion(await files.document('oci-layout'), name);
    const blobs = archiveBlobs(files);
    const layout = { index, blobs, wanted };
    if (saved !== undefined && place === 'archive') {
      const { root, platforms } = await openFromIndex({ ...whole, ...layout });
      const configs = new Set(platforms.map(({ manifest }) => manifest.config.digest));
      const chosen = { entries: index.entries, root: root.digest, configs };
      await checkSavedAgrees(files, saved, wanted, chosen);
    }
    return openFromIndex({ ...image, ...layout });
  }
  if (saved === undefined) throw await unknownForm(files);
  const { root, manifest, config, configDigest, known } = await readDockerSaved(
    files,
    saved,
    wanted,
  );
  const blobs = archiveBlobs(files, known);
  const documents = new Map([
    [root.digest, manifest],
    [configDigest, config],
  ]);
  const read = documentsOf(blobs, documents);
  return openBlobImage({ ...image, blobs, root, entries: [], read, hasNoManifest: true });
}

function withoutAttachments(place: ImagePlace): string {
  return place === 'engine'
    ? "Docker's store keeps no signatures and only BuildKit's attestations; the registry has them"
    : 'an archive of docker save keeps no signatures; the registry has them';
}

async function unknownForm(files: ArchiveFiles): Promise<UserError> {
  const { name } = files;
  if ((await files.document('repositories')) !== undefined)
    return new UserError(`${name} is in the form of Docker before 1.10, without manifest.json`, {
      nextStep: 'Load it into Docker and save it again.',
    });
  return new UserError(`${name} is neither an OCI layout nor what docker save writes`, {
    nextStep:
      'It needs index.json with oci-layout, or manifest.json, at its root. A root file system: rootfs:FILE',
  });
}

async function* pipeOf(handle: FileHandle): AsyncIterable<Uint8Array> {
  const stream = handle.createReadStream({ highWaterMark: 256 * 1024 });
  for await (const chunk of stream) yield chunk as Uint8Array;
}
