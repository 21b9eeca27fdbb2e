import { createHash } from 'node:crypto';
import { type Digest, digestOf } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, MEDIA_TYPE } from '../../model/oci.ts';
import { fullName } from '../../model/reference.ts';
import { layerPath } from '../../tar/path.ts';
import { SAVED } from '../document-shapes.ts';
import { parseImageConfig, readShaped } from '../documents.ts';
import { engineNames } from '../layout/layout-entries.ts';
import { quoted } from '../quoted-text.ts';
import { compressionOf } from '../walk/decompress.ts';
import type { ArchiveFiles } from './archive-blobs.ts';
import type { ArchiveEntry } from './archive-entries.ts';

/**
 * One image of a manifest.json (docker/spec, image/v1.2, "Combined Image JSON + Filesystem
 * Changeset Format").
 */
interface SavedImage {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

/** As it stands in the file. */
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
 * The image of a manifest.json that is meant, as `docker save` up to 24, podman, skopeo, bazel and
 * ko write it. An uncompressed layer's digest is the diffID that the config states, which whoever
 * reads the layer verifies; a compressed one is hashed now. Throws UserError where the archive is
 * not what manifest.json says.
 */
export async function readDockerSaved(
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
 * Of an archive in both forms: throws UserError where manifest.json, which Docker's classic store
 * loads, tells of an image that the index does not. Where several images are there and one is
 * `wanted`, those that bear its names count, and names of manifest.json alone.
 */
export async function checkSavedAgrees(
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

/** The same archive gives the same manifest. */
function manifestOf(
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
