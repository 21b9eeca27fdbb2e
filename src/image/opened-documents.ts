import { UserError } from '../lib/errors.ts';
import { inParallel } from '../lib/parallel.ts';
import {
  type Descriptor,
  type ImageConfig,
  type Index,
  isAttestationManifest,
  isIndex,
  type Manifest,
  MEDIA_TYPE,
  type OpenedPlatform,
  type Platform,
  platformName,
} from '../model/image.ts';
import { parseDigest } from '../model/reference.ts';
import type { ReadDocument } from './blob-store.ts';
import {
  CONFIG,
  MAX_DOCUMENT_BYTES,
  parseImageConfig,
  parseIndex,
  parseManifest,
  quoted,
  readShaped,
} from './documents.ts';
import type { AttestationManifest } from './image-index.ts';
import {
  chooseEntries,
  entryKey,
  mayRunOn,
  normalPlatform,
  withNormalPlatform,
} from './platforms.ts';

const CONFIG_TYPES: readonly string[] = [MEDIA_TYPE.config, MEDIA_TYPE.dockerConfig];
const FILE_SYSTEM =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[.+](?:gzip|zstd))?$/;

/**
 * What a manifest is that is not a container image, in words; undefined where it is one. Artifacts
 * use the same form (image-spec, manifest.md).
 */
export function artifactKind({ artifactType, config, layers }: Manifest): string | undefined {
  const others = layers.map((layer) => layer.mediaType).filter((type) => !FILE_SYSTEM.test(type));
  const isConfig = CONFIG_TYPES.includes(config.mediaType);
  if (isConfig && (others.length === 0 || others.length < layers.length)) return undefined;
  const type = artifactType ?? (isConfig ? (others[0] ?? '') : config.mediaType);
  return `an artifact of type ${quoted(type)}`;
}

function checkedPlatform(
  descriptor: Descriptor,
  manifest: Manifest,
  configBytes: Uint8Array,
  name: string,
): OpenedPlatform {
  const { digest } = manifest.config;
  const config = parseImageConfig(configBytes, `the config ${digest} of ${name}`);
  if (config.os === 'unknown' || config.architecture === 'unknown')
    throw notAnImage(name, 'something whose platform is unknown');
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length)
    throw new UserError(
      `${name} lists ${manifest.layers.length} layers, and its config ${diffIds.length}: it is damaged or forged`,
    );
  const layers = manifest.layers.flatMap((blob, i) => {
    const diffId = diffIds[i];
    return diffId === undefined ? [] : [{ blob, diffId }];
  });
  return { descriptor, manifest, config, layers };
}

/**
 * True if an engine can run a manifest, whatever its config calls itself. containerd does not check
 * the config's type, and Docker's classic store not that of layers. Both want a diffID for each
 * layer.
 */
export function isRunnable({ layers }: Manifest, configBytes: Uint8Array): boolean {
  if (layers.length === 0 || !/^\s*\{/.test(Buffer.from(configBytes).toString('latin1')))
    return false;
  try {
    const { rootfs } = readShaped(configBytes, CONFIG, 'the config') as Partial<ImageConfig>;
    return (rootfs?.diff_ids ?? []).length > 0;
  } catch {
    // What is refused here may be read by an engine.
    return true;
  }
}

/** The index in verified bytes. Throws UserError where it is not one, or another document too. */
function readIndex(bytes: Uint8Array, descriptor: Descriptor): Index {
  return ofItsType(parseIndex(bytes, descriptor.digest), descriptor);
}

/** The manifest in verified bytes. Throws UserError if it is not one, or also another document. */
function readManifest(bytes: Uint8Array, descriptor: Descriptor, name: string): Manifest {
  if (!isManifestType(descriptor.mediaType))
    throw notAnImage(name, `something of type ${quoted(descriptor.mediaType)}`);
  return ofItsType(parseManifest(bytes, descriptor.digest), descriptor);
}

function ofItsType<T extends Index | Manifest>(document: T, { mediaType, digest }: Descriptor): T {
  const own = document.mediaType;
  if (own !== undefined && own !== mediaType)
    throw new UserError(`${digest} has a mediaType that differs from its descriptor`);
  return document;
}

function isManifestType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPE.manifest || mediaType === MEDIA_TYPE.dockerManifest;
}

function notAnImage(name: string, kind: string): UserError {
  return new UserError(`${name} is not a container image but ${kind}`, {
    nextStep: 'Name a container image.',
  });
}

export interface OpenedDocuments {
  readonly index: Index | undefined;
  readonly platforms: readonly [OpenedPlatform, ...OpenedPlatform[]];
  /** BuildKit's, of the platforms above. */
  readonly attestations: readonly AttestationManifest[];
  readonly absent: readonly Descriptor[];
  /** Entries that are not manifests as far as can be read here. */
  readonly unread: readonly Descriptor[];
}

export interface DocumentOptions {
  readonly name: string;
  readonly read: ReadDocument;
  readonly platform?: Platform | undefined;
}

/** An index in an index in an index is more than any tool writes. */
const MAX_DEPTH = 3;
const MAX_PLATFORMS = 100;
const MAX_TOTAL_BYTES = 64 * 1024 * 1024;
const AT_ONCE = 4;

/**
 * Reads the documents of every requested platform. Manifests, configs and indexes are verified by
 * digest, and their types checked. Throws UserError if the root is not a container image, a
 * document is missing or malformed, or the image lacks the platform.
 */
export async function openDocuments(
  root: Descriptor,
  options: DocumentOptions,
): Promise<OpenedDocuments> {
  const walk = new DocumentWalk(options);
  const index = await walk.visitRoot(root);
  return { index, ...(await walk.platforms()) };
}

class DocumentWalk {
  readonly #options: DocumentOptions;
  /** Visited entries, by all that makes them distinct: a digest may be listed as two things. */
  readonly #seen = new Set<string>();
  readonly #images: Descriptor[] = [];
  readonly #attestations: AttestationManifest[] = [];
  readonly #absent: Descriptor[] = [];
  readonly #unread: Descriptor[] = [];
  /** What the index lists besides images, in words. */
  readonly #others: string[] = [];
  #bytes = 0;

  constructor(options: DocumentOptions) {
    this.#options = options;
  }

  async visitRoot(root: Descriptor): Promise<Index | undefined> {
    if (!isIndex(root.mediaType)) {
      this.#images.push(root);
      return undefined;
    }
    return this.#visitIndex(root, 0);
  }

  async platforms(): Promise<Omit<OpenedDocuments, 'index'>> {
    const { name, platform } = this.#options;
    if (this.#images.length > MAX_PLATFORMS)
      throw new UserError(`${name} has more than ${MAX_PLATFORMS} platforms`, {
        nextStep: 'Name one of them: --platform OS/ARCH',
      });
    const offered: string[] = [];
    const opened = await inParallel(this.#images, AT_ONCE, async (descriptor) => {
      const one = await this.#openPlatform(descriptor);
      if (one === undefined) return undefined;
      const own = descriptor.platform ?? normalPlatform(one.config);
      offered.push(platformName(own));
      return platform === undefined || mayRunOn(own, platform) ? one : undefined;
    });
    const [first, ...rest] = opened.filter((one) => one !== undefined);
    if (first === undefined) throw this.#noPlatform(offered);
    const found = new Set([first, ...rest].map(({ descriptor }) => descriptor.digest));
    return {
      platforms: [first, ...rest],
      attestations: this.#attestations.filter(({ subject }) => found.has(subject)),
      absent: this.#absent,
      unread: this.#unread,
    };
  }

  async #visitIndex(descriptor: Descriptor, depth: number): Promise<Index | undefined> {
    if (depth >= MAX_DEPTH)
      throw new UserError(`the index of ${this.#options.name} is nested too deeply`);
    const bytes = await this.#read(descriptor);
    if (bytes === undefined) {
      if (depth === 0) throw this.#missing(descriptor);
      this.#absent.push(descriptor);
      return undefined;
    }
    const index = readIndex(bytes, descriptor);
    const children = index.manifests.filter((entry) => {
      const child = withNormalPlatform(entry);
      const key = entryKey(child);
      return !this.#isAttestation(child) && !this.#seen.has(key) && this.#seen.add(key);
    });
    const { chosen, passed } = chooseEntries(children, this.#options.platform);
    this.#others.push(...passed);
    for (const child of chosen) await this.#visitChild(child, depth + 1);
    return index;
  }

  /**
   * Engines choose by platform and ignore the mark. So a marked entry that names a platform may be
   * run and is an image too.
   */
  #isAttestation(child: Descriptor): boolean {
    if (!isAttestationManifest(child)) return false;
    const subject = parseDigest(child.annotations?.['vnd.docker.reference.digest']);
    if (subject !== undefined) this.#attestations.push({ descriptor: child, subject });
    return child.platform?.os === 'unknown';
  }

  /**
   * Docker's classic store asks for an entry by digest and believes the type that the registry
   * gives, so an entry listed as something else is checked.
   */
  async #visitChild(child: Descriptor, depth: number): Promise<void> {
    if (isIndex(child.mediaType)) await this.#visitIndex(child, depth);
    else if (isManifestType(child.mediaType)) this.#images.push(child);
    else {
      const manifest = await this.#asManifest(child);
      if (manifest === undefined) {
        this.#unread.push(child);
        this.#others.push(quoted(child.mediaType));
      } else this.#images.push(manifest);
    }
  }

  async #asManifest(child: Descriptor): Promise<Descriptor | undefined> {
    const asked = { ...child, mediaType: MEDIA_TYPE.manifest };
    try {
      const bytes = await this.#read(asked);
      const own = bytes === undefined ? undefined : parseManifest(bytes, child.digest).mediaType;
      return bytes === undefined ? undefined : { ...asked, mediaType: own ?? asked.mediaType };
    } catch (error) {
      if (error instanceof UserError) return undefined;
      throw error;
    }
  }

  async #openPlatform(descriptor: Descriptor): Promise<OpenedPlatform | undefined> {
    const { name } = this.#options;
    const alone = this.#seen.size === 0;
    const bytes = await this.#read(descriptor);
    if (bytes === undefined) {
      if (alone) throw this.#missing(descriptor);
      this.#absent.push(descriptor);
      return undefined;
    }
    const manifest = readManifest(bytes, descriptor, name);
    const kind = artifactKind(manifest);
    const configBytes = await this.#read(manifest.config).catch((error: unknown) => {
      if (kind === undefined || !(error instanceof UserError)) throw error;
      return undefined;
    });
    if (kind !== undefined && (configBytes === undefined || !isRunnable(manifest, configBytes))) {
      if (alone) throw notAnImage(name, kind);
      this.#others.push(kind);
      if (configBytes === undefined) this.#unread.push(descriptor);
      return undefined;
    }
    if (configBytes === undefined) throw this.#missing(manifest.config);
    return checkedPlatform(descriptor, manifest, configBytes, name);
  }

  async #read(descriptor: Descriptor): Promise<Uint8Array | undefined> {
    const bytes = await this.#options.read(descriptor, MAX_DOCUMENT_BYTES);
    this.#bytes += bytes?.length ?? 0;
    if (this.#bytes > MAX_TOTAL_BYTES)
      throw new UserError(`${this.#options.name} has more than 64 MiB of manifests and configs`, {
        nextStep: 'Name one of its platforms: --platform OS/ARCH',
      });
    return bytes;
  }

  #missing({ digest }: Descriptor): UserError {
    return new UserError(`${this.#options.name} is not complete: ${digest} is missing`, {
      nextStep: 'Fetch or save the image again.',
    });
  }

  #noPlatform(offered: readonly string[]): UserError {
    const { name, platform } = this.#options;
    const listed = [...new Set([...offered, ...this.#others])].map((text) => clean(text));
    const absent = this.#absent.flatMap((d) => (d.platform ? [platformName(d.platform)] : []));
    if (absent.length > 0)
      return new UserError(
        `${name} lists ${clean(absent.join(', '))}, and this place does not contain it`,
        { nextStep: 'Grade it in its registry (registry:NAME).' },
      );
    if (platform !== undefined)
      return new UserError(
        `${name} has no ${platformName(platform)}${listed.length === 0 ? '' : `, but ${listed.slice(0, 20).join(', ')}`}`,
        { nextStep: 'Name one that it has: --platform OS/ARCH' },
      );
    return notAnImage(name, listed.length === 0 ? 'an empty index' : `an index of ${listed[0]}`);
  }
}

function clean(text: string): string {
  return quoted(text).slice(1, -1);
}
