import type { Shape } from '../formats/json-shape.ts';

/*
 * The documents of an image as engines decode them: every field of the Go types of image-spec,
 * containerd, Docker and BuildKit, read here or not, so that none can be spelled another way.
 */
const TEXTS: Shape = { list: 'text' };
const TEXT_MAP: Shape = { map: 'text' };

const PLATFORM: Shape = {
  struct: {
    architecture: 'text',
    os: 'text',
    'os.version': 'text',
    'os.features': TEXTS,
    variant: 'text',
    features: TEXTS,
  },
};

/** OCI image-spec, descriptor.md. */
export const DESCRIPTOR: Shape = {
  struct: {
    mediaType: 'text',
    digest: 'text',
    size: 'integer',
    urls: TEXTS,
    annotations: TEXT_MAP,
    data: 'bytes',
    platform: PLATFORM,
    artifactType: 'text',
  },
};

/** Manifest and index fields of both schemas, in one namespace: one must not look like another. */
const MANIFEST_FIELDS = {
  schemaVersion: 'integer',
  mediaType: 'text',
  artifactType: 'text',
  subject: DESCRIPTOR,
  annotations: TEXT_MAP,
  config: 'any',
  layers: 'any',
  manifests: 'any',
  fsLayers: 'any',
  blobs: 'any',
} as const;

/** OCI image-spec, manifest.md. */
export const MANIFEST: Shape = {
  struct: { ...MANIFEST_FIELDS, config: DESCRIPTOR, layers: { list: DESCRIPTOR } },
};

/** OCI image-spec, image-index.md. */
export const INDEX: Shape = {
  struct: { ...MANIFEST_FIELDS, manifests: { list: DESCRIPTOR } },
};

/**
 * What a container runs with: image-spec's `config`, and Docker's extra fields (moby,
 * api/types/container, `Config`).
 */
const RUN: Shape = {
  struct: {
    Hostname: 'text',
    Domainname: 'text',
    User: 'text',
    AttachStdin: 'boolean',
    AttachStdout: 'boolean',
    AttachStderr: 'boolean',
    ExposedPorts: { map: 'empty' },
    Tty: 'boolean',
    OpenStdin: 'boolean',
    StdinOnce: 'boolean',
    Env: TEXTS,
    Cmd: TEXTS,
    Healthcheck: {
      struct: {
        Test: TEXTS,
        Interval: 'integer',
        Timeout: 'integer',
        StartPeriod: 'integer',
        StartInterval: 'integer',
        Retries: 'integer',
      },
    },
    ArgsEscaped: 'boolean',
    Image: 'text',
    Volumes: { map: 'empty' },
    WorkingDir: 'text',
    Entrypoint: TEXTS,
    NetworkDisabled: 'boolean',
    MacAddress: 'text',
    OnBuild: TEXTS,
    Labels: TEXT_MAP,
    StopSignal: 'text',
    StopTimeout: 'integer',
    Shell: TEXTS,
    Memory: 'any',
    MemorySwap: 'any',
    CpuShares: 'any',
  },
};

/** OCI image-spec, config.md; moby, image/image.go, `V1Image` and `Image`; BuildKit's cache. */
export const CONFIG: Shape = {
  struct: {
    id: 'text',
    parent: 'text',
    comment: 'text',
    created: 'time',
    container: 'text',
    container_config: RUN,
    docker_version: 'text',
    author: 'text',
    architecture: 'text',
    os: 'text',
    variant: 'text',
    'os.version': 'text',
    'os.features': TEXTS,
    size: 'integer',
    config: RUN,
    rootfs: { struct: { type: 'text', diff_ids: TEXTS, base_layer: 'any' } },
    history: {
      list: {
        struct: {
          created: 'time',
          author: 'text',
          created_by: 'text',
          comment: 'text',
          empty_layer: 'boolean',
        },
      },
    },
    'moby.buildkit.cache.v0': 'any',
    'moby.buildkit.buildinfo.v1': 'any',
  },
};

/** What `docker save` writes as manifest.json (moby, image/tarexport, `manifestItem`). */
export const SAVED: Shape = {
  list: {
    struct: {
      Config: 'text',
      RepoTags: TEXTS,
      Layers: TEXTS,
      Parent: 'any',
      LayerSources: { map: DESCRIPTOR },
    },
  },
};

/** The `oci-layout` file (OCI image-spec, image-layout.md). */
export const LAYOUT: Shape = { struct: { imageLayoutVersion: 'text' } };
