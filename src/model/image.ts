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
  /**
   * Of cosign before bundles (SIGNATURE_SPEC.md, ATTESTATION_SPEC.md in sigstore/cosign, specs).
   */
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

/** The platform of a manifest: as its index lists it, else from its config. */
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

/** Same as text for reports. */
export function platformNameOf(one: Parameters<typeof platformOf>[0]): string {
  return platformName(platformOf(one));
}

/** BuildKit marks the manifests in an index that are attestations, not images. */
export function isAttestationManifest(descriptor: Descriptor): boolean {
  return descriptor.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}

export function isIndex(mediaType: string): boolean {
  return mediaType === MEDIA_TYPE.index || mediaType === MEDIA_TYPE.dockerIndex;
}

/** Annotations and labels of our own, besides OCI's. */
export const OWN_ANNOTATION = {
  /** How the program gets its secrets, from the configuration: `none` or `by-file`. */
  secrets: 'dev.scoville.secrets',
} as const;

/**
 * Where an image was opened. `engine` is Docker's own store, in either of its formats; `copied` is
 * what skopeo copies for us; `rootfs` files without a configuration.
 */
export type ImagePlace =
  'registry' | 'engine' | 'layout' | 'archive' | 'store' | 'copied' | 'rootfs';

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
  /** Digest of the index or manifest that it is attached to. */
  readonly subject: Digest;
  readonly descriptor: Descriptor;
  /** Verified by digest. */
  readonly manifest: Manifest;
}

/** `complete` is false where a place could not be asked: then absence proves nothing. */
export type Attachments =
  | { readonly complete: true; readonly found: readonly Attachment[] }
  | { readonly complete: false; readonly found: readonly Attachment[]; readonly reason: string };

/** Reads content of one place by digest. */
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

/** Attachments that a place keeps. Both throw UserError where it cannot be asked. */
export interface AttachedLists {
  /** Manifests that list `subject` as their subject, unverified. */
  readonly referrers: (subject: Digest) => Promise<readonly Descriptor[]>;
  /** The manifest of a tag; undefined if missing. */
  readonly tagged: (tag: string) => Promise<Descriptor | undefined>;
}

/** What to copy of an image. */
export interface WholeImage {
  readonly content: Content;
  readonly lists: AttachedLists;
  /** Its full names with a tag. */
  readonly names: readonly string[];
}

/** An image in any place. Each full read of bytes checks their digest. */
export interface OpenedImage {
  /** As typed, cleaned. */
  readonly name: string;
  readonly place: ImagePlace;
  /** The index or manifest of the name. */
  readonly root: Descriptor;
  /** The root's document, if it is an index. */
  readonly index: Index | undefined;
  /** At least one, without attestation manifests. */
  readonly platforms: readonly [OpenedPlatform, ...OpenedPlatform[]];
  /**
   * Entries of the index that this place lacks, since Docker pulls one platform of many. Not
   * judged, so reports name them.
   */
  readonly absent: readonly Descriptor[];
  /**
   * Entries of the index that cannot be read as a manifest. An engine may read more. Not judged, so
   * reports name them.
   */
  readonly unread: readonly Descriptor[];
  /** Other images under one of this image's names. Engines use the first or the last. */
  readonly namesakes?: readonly Descriptor[];
  /** A verified document or attached blob. Throws UserError if missing, over 16 MiB or wrong. */
  readonly readBlob: (descriptor: Descriptor) => Promise<Uint8Array>;
  /** A layer's compressed bytes, in chunks of 256 KiB or more if possible; `walkLayer` verifies. */
  readonly openLayer: (descriptor: Descriptor) => Promise<AsyncIterable<Uint8Array>>;
  /**
   * False where the place lacks a layer; true where it cannot be asked, since reading will show it.
   */
  readonly hasLayer: (descriptor: Descriptor) => Promise<boolean>;
  /** The place of a layer's bytes in a file while the image is open; undefined if not in a file. */
  readonly layerFile?: (descriptor: Descriptor) => Promise<FileRange | undefined>;
  /** Signatures and attestations of the root and its platforms. Asked once. */
  readonly attachments: () => Promise<Attachments>;
  /**
   * The image with its attachments, to copy by digest; absent where the place made its manifest.
   */
  readonly whole?: WholeImage;
  /** Why the place cannot keep signatures at all (Docker's classic store). */
  readonly withoutAttachments?: string;
  /** The registry that was asked for the attachments of an image from another place. */
  readonly attachedAt?: string;
  readonly close: () => Promise<void>;
}

/**
 * How much of an entry's content a collector wants: nothing, the first `bytes`, all up to a cap, or
 * a stream. A stream has any size: `chunk` gets each piece, and nothing is kept.
 */
export type ContentRequest =
  | { readonly want: 'none' }
  | { readonly want: 'head'; readonly bytes: number }
  | { readonly want: 'all'; readonly cap: number }
  | { readonly want: 'stream' };

/** An entry of a layer with its normalized path: no leading or trailing slash, no `..`. */
export interface LayerEntry {
  readonly path: string;
  readonly entry: TarEntry;
}

/**
 * Reads one layer in one pass, entry by entry; `finish` returns facts as plain JSON. `wants` runs
 * before content is read. `visit` gets the wanted content, valid only during the call; `truncated`
 * where the file is larger.
 */
export interface LayerCollector<T> {
  readonly name: string;
  readonly wants: (entry: LayerEntry) => ContentRequest;
  /**
   * The next bytes of a streamed entry, a view valid only during the call. `visit` then ends the
   * entry, without content.
   */
  readonly chunk?: (bytes: Uint8Array) => void;
  readonly visit: (entry: LayerEntry, content: Uint8Array | undefined, truncated: boolean) => void;
  readonly finish: () => T;
}

/** Where a file contains a blob: a layout's own file, or part of an uncompressed archive. */
export interface FileRange {
  readonly path: string;
  readonly start: number;
  readonly length: number;
}

/** A layer as read, with computed digests: of the blob and of its uncompressed bytes. */
export interface WalkedLayer {
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly entries: number;
}

/** Kinds of tar entry in layers; all others are kept as `other`. */
export type TarType =
  'file' | 'hardlink' | 'symlink' | 'char' | 'block' | 'directory' | 'fifo' | 'other';

/** One entry's metadata, PAX and GNU extensions resolved. */
export interface TarEntry {
  /** As in the archive, unchecked; `layerPath` gives the safe form. */
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
  /** Seconds since 1970; PAX allows a fraction. */
  readonly mtime: number;
  readonly linkname: string;
  readonly devmajor: number;
  readonly devminor: number;
  /** PAX records beyond these fields (xattrs as `SCHILY.xattr.NAME`), values as latin-1. */
  readonly pax: Readonly<Record<string, string>>;
  /** The typeflag byte as found, for entries of type `other`. */
  readonly typeflag: string;
}

/** A plain entry, owned by root, with time 0. `size`: bytes of its content. */
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
