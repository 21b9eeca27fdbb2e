import type { Digest } from './digest.ts';

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
