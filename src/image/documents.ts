import { type Result, UserError } from '../lib/errors.ts';
import {
  type Descriptor,
  type ImageConfig,
  type Index,
  isIndex,
  type Manifest,
} from '../model/image.ts';
import { isDigest } from '../model/reference.ts';
import { parseStrictJson, readAs, type Shape } from './formats/json.ts';

/** Outside text for error messages: quoted, cut, control and direction characters spelled out. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200)).replace(
    /[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const TEXTS: Shape = { list: 'text' };
const TEXT_MAP: Shape = { map: 'text' };
const KINDS = { texts: TEXTS, textMap: TEXT_MAP, set: { map: 'empty' } } as const;

/** A struct by its fields: of each kind the names, and those of another shape. */
function struct(
  names: Readonly<Partial<Record<Extract<Shape, string> | keyof typeof KINDS, string>>>,
  others: Readonly<Record<string, Shape>> = {},
): { readonly struct: Readonly<Record<string, Shape>> } {
  const fields = Object.entries(names).flatMap(([kind, text]) =>
    text
      .split(' ')
      .map((name): [string, Shape] => [
        name,
        kind in KINDS ? KINDS[kind as keyof typeof KINDS] : (kind as Shape),
      ]),
  );
  return { struct: { ...Object.fromEntries(fields), ...others } };
}

/*
 * The documents of an image as engines decode them. Every field of the Go types of image-spec,
 * containerd, Docker and BuildKit is listed, used here or not, so that none can be spelled
 * differently.
 */
const PLATFORM = struct({
  text: 'architecture os os.version variant',
  texts: 'os.features features',
});

/** OCI image-spec, descriptor.md. */
const DESCRIPTOR = struct(
  {
    text: 'mediaType digest artifactType',
    integer: 'size',
    texts: 'urls',
    textMap: 'annotations',
    bytes: 'data',
  },
  { platform: PLATFORM },
);

/** Manifest and index fields of both schemas, in one namespace: one must not look like another. */
const MANIFEST_FIELDS = {
  integer: 'schemaVersion',
  text: 'mediaType artifactType',
  textMap: 'annotations',
  any: 'config layers manifests fsLayers blobs',
} as const;

/** OCI image-spec, manifest.md. */
const MANIFEST = struct(MANIFEST_FIELDS, {
  subject: DESCRIPTOR,
  config: DESCRIPTOR,
  layers: { list: DESCRIPTOR },
});

/** OCI image-spec, image-index.md. */
const INDEX = struct(MANIFEST_FIELDS, { subject: DESCRIPTOR, manifests: { list: DESCRIPTOR } });

/**
 * What a container runs with: image-spec's `config`, and Docker's extra fields (moby,
 * api/types/container, `Config`).
 */
const RUN = struct(
  {
    text: 'Hostname Domainname User Image WorkingDir MacAddress StopSignal',
    boolean:
      'AttachStdin AttachStdout AttachStderr Tty OpenStdin StdinOnce ArgsEscaped NetworkDisabled',
    set: 'ExposedPorts Volumes',
    texts: 'Env Cmd Entrypoint OnBuild Shell',
    textMap: 'Labels',
    integer: 'StopTimeout',
    any: 'Memory MemorySwap CpuShares',
  },
  {
    Healthcheck: struct({
      texts: 'Test',
      integer: 'Interval Timeout StartPeriod StartInterval Retries',
    }),
  },
);

/** OCI image-spec, config.md; moby, image/image.go, `V1Image` and `Image`; BuildKit's cache. */
export const CONFIG = struct(
  {
    text: 'id parent comment container docker_version author architecture os variant os.version',
    time: 'created',
    texts: 'os.features',
    integer: 'size',
    any: 'moby.buildkit.cache.v0 moby.buildkit.buildinfo.v1',
  },
  {
    container_config: RUN,
    config: RUN,
    rootfs: struct({ text: 'type', texts: 'diff_ids', any: 'base_layer' }),
    history: {
      list: struct({
        time: 'created',
        text: 'author created_by comment',
        boolean: 'empty_layer',
      }),
    },
  },
);

/** What `docker save` writes as manifest.json (moby, image/tarexport, `manifestItem`). */
export const SAVED: Shape = {
  list: struct(
    { text: 'Config', texts: 'RepoTags Layers', any: 'Parent' },
    { LayerSources: { map: DESCRIPTOR } },
  ),
};

/** The `oci-layout` file (OCI image-spec, image-layout.md). */
export const LAYOUT = struct({ text: 'imageLayoutVersion' });

/** Manifests, indexes and configs are read whole; distribution-spec asks registries for 4 MiB. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_LISTED = 10_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * A document from outside in the shape that engines read it in. Throws UserError that names `what`,
 * and the key or field, where it is larger than 4 MiB, not JSON, ambiguous, or of another shape.
 */
export function readShaped(bytes: Uint8Array, shape: Shape, what: string): unknown {
  return valueOf(readAs(strictly(bytes, what), shape, what));
}

/**
 * A JSON object from outside. Throws UserError that names `what` where it is too large, ambiguous,
 * or not a JSON object.
 */
export function parseObject(
  bytes: Uint8Array,
  what: string,
  shape: Shape = { map: 'any' },
): Fields {
  return readShaped(bytes, shape, what) as Fields;
}

function strictly(bytes: Uint8Array, what: string): unknown {
  return valueOf(parseStrictJson(bytes, what, MAX_DOCUMENT_BYTES, 'as Go'));
}

function valueOf(result: Result<unknown>): unknown {
  if (!result.ok) throw new UserError(result.error);
  return result.value;
}

/** The image index (or Docker manifest list) in `bytes`. Throws UserError where it is not one. */
export function parseIndex(bytes: Uint8Array, what: string): Index {
  const { manifests = [], ...index } = versioned(bytes, what, INDEX);
  checkListed(manifests, what);
  return { ...index, manifests } as unknown as Index;
}

/** The image manifest in `bytes`; `layers` may be absent. Throws UserError if it is not one. */
export function parseManifest(bytes: Uint8Array, what: string): Manifest {
  const { layers = [], ...manifest } = versioned(bytes, what, MANIFEST);
  if (!isDescriptor(manifest['config'])) throw new UserError(`${what}: config is malformed`);
  checkListed(layers, what);
  return { ...manifest, layers } as unknown as Manifest;
}

export function parseManifestOrIndex(
  bytes: Uint8Array,
  mediaType: string,
  what: string,
):
  | { readonly kind: 'index'; readonly index: Index }
  | { readonly kind: 'manifest'; readonly manifest: Manifest } {
  return isIndex(mediaType)
    ? { kind: 'index', index: parseIndex(bytes, what) }
    : { kind: 'manifest', manifest: parseManifest(bytes, what) };
}

/**
 * The image config in `bytes`, every field that anybody reads of the type that the specification
 * gives it; fields that are null, as Docker writes them, are left out. Throws UserError where it is
 * not a config or a field is of another type.
 */
export function parseImageConfig(bytes: Uint8Array, what: string): ImageConfig {
  const config = parseObject(bytes, what, CONFIG);
  const { rootfs } = config;
  if (!isFields(rootfs) || typeof config['os'] !== 'string')
    throw new UserError(`${what} is not an image config`);
  if (typeof config['architecture'] !== 'string')
    throw new UserError(`${what} does not name an architecture`);
  // An image without layers may leave them out.
  const { diff_ids: diffIds = [] } = rootfs;
  if (!(diffIds as readonly unknown[]).every(isDigest))
    throw new UserError(`${what}: rootfs.diff_ids are not sha256 digests`);
  return { ...config, rootfs: { ...rootfs, diff_ids: diffIds } } as unknown as ImageConfig;
}

/** True where `value` is a descriptor with a digest that we can check (sha256) and a valid size. */
export function isDescriptor(value: unknown): value is Descriptor {
  const read = readAs(value, DESCRIPTOR, 'it');
  if (!read.ok) return false;
  const { mediaType, digest, size } = read.value as Fields;
  return typeof mediaType === 'string' && isDigest(digest) && (size as number) >= 0;
}

function checkListed(list: unknown, what: string): void {
  const descriptors = list as readonly unknown[];
  if (descriptors.length > MAX_LISTED)
    throw new UserError(`${what} lists more than ${MAX_LISTED} blobs`);
  const at = descriptors.findIndex((descriptor) => !isDescriptor(descriptor));
  if (at >= 0)
    throw new UserError(`${what}: entry ${at + 1} has no media type, sha256 digest or size`);
}

/**
 * A document that is both manifest and index means a different image to each reader
 * (CVE-2021-41190), even where one of the fields is null.
 */
function versioned(bytes: Uint8Array, what: string, shape: Shape): Fields {
  const raw = strictly(bytes, what);
  const value = valueOf(readAs(raw, shape, what)) as Fields;
  const has = (name: string): boolean => isFields(raw) && name in raw;
  if (value['schemaVersion'] === 1 || has('fsLayers'))
    throw new UserError(`${what} is a manifest of schema 1, which Docker gave up in 2020`, {
      nextStep: 'Pull the image with an engine that still can, push it again and grade that.',
    });
  if (value['schemaVersion'] !== 2) throw new UserError(`${what} has no schemaVersion 2`);
  if (has('manifests') && (has('config') || has('layers')))
    throw new UserError(`${what} is an index and a manifest at once, so it is refused`);
  if (!has(shape === INDEX ? 'manifests' : 'config'))
    throw new UserError(`${what} is not an image ${shape === INDEX ? 'index' : 'manifest'}`);
  const { subject } = value;
  if (subject !== undefined && !isDescriptor(subject))
    throw new UserError(`${what} has a malformed subject`);
  return value;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
