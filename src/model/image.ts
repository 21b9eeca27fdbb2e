import type { Digest } from './reference.ts';

/** Media types of OCI image-spec v1.1 (media-types.md) and Docker's schema 2 where they differ. */
export const MEDIA_TYPE = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayerGzip: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  inToto: 'application/vnd.in-toto+json',
  sigstoreBundle: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  /** Of cosign before bundles (sigstore/cosign, specs/SIGNATURE_SPEC.md, ATTESTATION_SPEC.md). */
  simpleSigning: 'application/vnd.dev.cosign.simplesigning.v1+json',
  dsse: 'application/vnd.dsse.envelope.v1+json',
} as const;

const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v0\.\d+\+json|\+json;version=0\.\d+)$/;

/** True for media types of sigstore bundles, from v0.1 (protobuf-specs, sigstore_bundle.proto). */
export function isBundleType(mediaType: string): boolean {
  return BUNDLE.test(mediaType);
}

/** Annotations of index.json entries: the full image name, as containerd writes it, and the tag. */
export const CONTAINERD_NAME = 'io.containerd.image.name';
export const REF_NAME = 'org.opencontainers.image.ref.name';

export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly 'os.version'?: string;
}

export type Annotations = Readonly<Record<string, string>>;

/** OCI image-spec, descriptor.md. `size` in bytes. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Annotations;
  readonly artifactType?: string;
  readonly urls?: readonly string[];
}

/** OCI image-spec, manifest.md. */
export interface Manifest {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

/** OCI image-spec, image-index.md. */
export interface Index {
  readonly schemaVersion: 2;
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Annotations;
}

export interface HistoryEntry {
  /** RFC 3339. */
  readonly created?: string;
  readonly created_by?: string;
  readonly author?: string;
  readonly comment?: string;
  readonly empty_layer?: boolean;
}

/** OCI image-spec, config.md. */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string;
  readonly config?: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly StopSignal?: string;
    readonly Healthcheck?: { readonly Test?: readonly string[] };
    readonly OnBuild?: readonly string[] | null;
  };
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly Digest[] };
  readonly history?: readonly HistoryEntry[];
}

/** `os/arch[/variant]`, as docker spells a platform. */
export function platformName(p: Platform): string {
  return p.variant === undefined
    ? `${p.os}/${p.architecture}`
    : `${p.os}/${p.architecture}/${p.variant}`;
}

/** The platform of a manifest: as an index lists it, else as its config says. */
export function platformOf({
  descriptor,
  config,
}: {
  readonly descriptor: Descriptor;
  readonly config: ImageConfig;
}): Platform {
  const { os, architecture, variant = '' } = config;
  return descriptor.platform ?? { os, architecture, ...(variant === '' ? {} : { variant }) };
}

/** The same as reports spell it. */
export function platformNameOf(one: Parameters<typeof platformOf>[0]): string {
  return platformName(platformOf(one));
}

/** BuildKit's mark on the manifests of an index that hold attestations, not an image. */
export function isAttestationManifest(descriptor: Descriptor): boolean {
  return descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

export function isIndex(mediaType: string): boolean {
  return mediaType === MEDIA_TYPE.index || mediaType === MEDIA_TYPE.dockerIndex;
}

/** Annotations and labels of our own, besides OCI's. */
export const OWN_ANNOTATION = {
  /** How the program takes its secrets, from the configuration: `none` or `by-file`. */
  secrets: 'dev.scoville.secrets',
} as const;

/** Where an image was opened. `engine` is Docker's own store, however it exports images. */
export type ImagePlace = 'registry' | 'engine' | 'layout' | 'archive' | 'store';

/** One platform, its documents verified by digest; layers base first, each blob with its diffID. */
export interface OpenedPlatform {
  readonly descriptor: Descriptor;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  readonly layers: readonly { readonly blob: Descriptor; readonly diffId: Digest }[];
}

/** A referrer, cosign tag, BuildKit attestation manifest or notation signature of a digest. */
export interface Attachment {
  readonly kind:
    'referrer' | 'cosign-signature-tag' | 'cosign-attestation-tag' | 'buildkit-attestation';
  /** The index's or manifest's digest that it hangs on. */
  readonly subject: Digest;
  readonly descriptor: Descriptor;
  /** Verified by digest. */
  readonly manifest: Manifest;
}

/** What was found. `complete` is false where a place could not be asked: absence proves nothing. */
export type Attachments =
  | { readonly complete: true; readonly found: readonly Attachment[] }
  | { readonly complete: false; readonly found: readonly Attachment[]; readonly reason: string };

/** Content of one place by digest. */
export interface Content {
  readonly has: (digest: Digest) => Promise<boolean>;
  /** A manifest, index or config up to 4 MiB, verified. Throws UserError if missing or wrong. */
  readonly readDocument: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** A blob's `size` bytes from `start`. If `start` is 0, outside bytes are verified at the end. */
  readonly openRead: (
    digest: Digest,
    options: { readonly start?: number; readonly size: number },
  ) => AsyncIterable<Uint8Array>;
}

/** What a place keeps besides images. Each throws UserError where it cannot be asked. */
export interface AttachedLists {
  /** What may have `subject` as its subject. */
  readonly referrers: (subject: Digest) => Promise<readonly Descriptor[]>;
  /** The manifest under a tag, undefined where there is none. */
  readonly tagged: (tag: string) => Promise<Descriptor | undefined>;
}

/** What is copied of an image. */
export interface WholeImage {
  readonly content: Content;
  readonly lists: AttachedLists;
  /** Full names with a tag that the image has there. */
  readonly names: readonly string[];
}

/** An image in any place. Whoever reads bytes to their end checks them against their digest. */
export interface OpenedImage {
  /** What the user typed, cleaned. */
  readonly name: string;
  readonly place: ImagePlace;
  /** The index or manifest that the name leads to. */
  readonly root: Descriptor;
  /** The root's document where it is an index. */
  readonly index: Index | undefined;
  /** At least one; attestation manifests are none. */
  readonly platforms: readonly [OpenedPlatform, ...OpenedPlatform[]];
  /**
   * What the index lists and this place lacks, because Docker pulls one platform of many. Not
   * judged, so reports name it.
   */
  readonly absent: readonly Descriptor[];
  /**
   * What the index lists that is not a manifest as far as can be read. An engine may read more. Not
   * judged, so reports name it.
   */
  readonly unread: readonly Descriptor[];
  /** Other images listed under one of this image's names. Engines take the first or the last. */
  readonly namesakes?: readonly Descriptor[];
  /** A verified document or attached blob. Throws UserError if missing, over 16 MiB or wrong. */
  readonly readBlob: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** A layer's compressed bytes, in chunks of 256 KiB or more if possible. `walkLayer` verifies. */
  readonly openLayer: (descriptor: Descriptor) => Promise<AsyncIterable<Uint8Array>>;
  /** False where the place lacks a layer. True where it cannot be asked: reading will show it. */
  readonly hasLayer: (descriptor: Descriptor) => Promise<boolean>;
  /** Where a layer's bytes are in a file while the image is open; undefined where in no file. */
  readonly layerFile?: (descriptor: Descriptor) => Promise<FileRange | undefined>;
  /** Signatures and attestations of the root and its platforms. Asked once. */
  readonly attachments: () => Promise<Attachments>;
  /** The image and all about it, to copy by digest; absent where the place made up its manifest. */
  readonly whole?: WholeImage;
  /** Why the place cannot hold signatures at all (Docker's classic store), where that is so. */
  readonly withoutAttachments?: string;
  /** Registry that was asked for the attachments of an image that another place has. */
  readonly attachedAt?: string;
  readonly close: () => Promise<void>;
}

/**
 * What a collector wants of an entry's content: none, the first `bytes`, all up to a cap, or every
 * byte as it comes, whatever the size: then its `chunk` is called with each piece and nothing is
 * held for it.
 */
export type ContentRequest =
  | { readonly want: 'none' }
  | { readonly want: 'head'; readonly bytes: number }
  | { readonly want: 'all'; readonly cap: number }
  | { readonly want: 'stream' };

/** An entry of a layer with its normalised path: no leading slash, no `..`, no trailing slash. */
export interface LayerEntry {
  readonly path: string;
  readonly entry: TarEntry;
}

/**
 * Reads what it wants of one layer, entry by entry, in one pass; `finish` gives its facts as plain
 * JSON. `wants` is asked before content is read; `visit` gets what was asked for (shorter where the
 * file is), valid during the call only, `truncated` where the file is larger than asked.
 */
export interface LayerCollector<T> {
  readonly name: string;
  readonly wants: (entry: LayerEntry) => ContentRequest;
  /**
   * The next bytes of an entry that was wanted as a stream, a view valid only during the call.
   * `visit` then ends the entry, without content.
   */
  readonly chunk?: (bytes: Uint8Array) => void;
  readonly visit: (entry: LayerEntry, content: Uint8Array | undefined, truncated: boolean) => void;
  readonly finish: () => T;
}

/** Where a blob's bytes are in a file: a layout's own file, or part of an uncompressed archive. */
export interface FileRange {
  readonly path: string;
  readonly start: number;
  readonly length: number;
}

/** A layer as read, with digests computed from it: of the blob and of its uncompressed bytes. */
export interface WalkedLayer {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly entries: number;
}

/** Kinds of tar entry that a layer may hold; anything else is carried through as `other`. */
export type TarType =
  'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo' | 'other';

/** One entry's metadata, PAX and GNU extensions resolved. */
export interface TarEntry {
  /** As in the archive, unchecked; see `layerPath` for the safe form. */
  readonly name: string;
  readonly type: TarType;
  /** Permission bits with setuid, setgid and sticky (07777). */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly uname: string;
  readonly gname: string;
  /** Content bytes that follow (0 for links and directories). */
  readonly size: number;
  /** Seconds since 1970; may carry a fraction (PAX). */
  readonly mtime: number;
  readonly linkname: string;
  readonly devmajor: number;
  readonly devminor: number;
  /** PAX records beyond the fields above (xattrs as `SCHILY.xattr.NAME`), values as latin-1. */
  readonly pax: Readonly<Record<string, string>>;
  /** The typeflag byte as found, for entries of type `other`. */
  readonly typeflag: string;
}

/** A plain entry, owned by root, with time 0 and nothing else. `size`: bytes of its content. */
export function plainEntry(name: string, type: TarType, size: number, mode: number): TarEntry {
  return {
    name,
    type,
    mode,
    size,
    uid: 0,
    gid: 0,
    uname: '',
    gname: '',
    mtime: 0,
    linkname: '',
    devmajor: 0,
    devminor: 0,
    pax: {},
    typeflag: '',
  };
}
