import { isDigest } from '../model/digest.ts';
import { UserError } from '../model/errors.ts';
import {
  type Descriptor,
  type ImageConfig,
  type Index,
  isIndex,
  type Manifest,
} from '../model/oci.ts';

/** Manifests, indexes and configs are read whole; the OCI distribution-spec asks registries to take 4 MiB. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_LISTED = 10_000;

type Fields = Readonly<Record<string, unknown>>;

/** Parses JSON from outside. Throws UserError that names `what` where it is too large or no JSON object. */
export function parseObject(bytes: Uint8Array, what: string): Fields {
  if (bytes.length > MAX_DOCUMENT_BYTES) throw new UserError(`${what} is larger than 4 MiB`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new UserError(`${what} is no JSON`, { cause });
  }
  if (!isObject(value)) throw new UserError(`${what} is no JSON object`);
  return value;
}

/** The image index (or Docker manifest list) in `bytes`. Throws UserError where it is none. */
export function parseIndex(bytes: Uint8Array, what: string): Index {
  const value = parseObject(bytes, what);
  if (!isDescriptorList(value['manifests'])) throw new UserError(`${what} is no image index`);
  checkShape(value, what);
  return value as unknown as Index;
}

/** The image manifest in `bytes`. Throws UserError where it is none. */
export function parseManifest(bytes: Uint8Array, what: string): Manifest {
  const value = parseObject(bytes, what);
  if (!isDescriptor(value['config']) || !isDescriptorList(value['layers']))
    throw new UserError(`${what} is no image manifest`);
  checkShape(value, what);
  return value as unknown as Manifest;
}

/** Manifest or index, told by its media type (the descriptor's, then its own), then by what it holds. */
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

/** The image config in `bytes`. Throws UserError where it lists no diffIDs. */
export function parseImageConfig(bytes: Uint8Array, what: string): ImageConfig {
  const value = parseObject(bytes, what);
  const rootfs = value['rootfs'];
  const diffIds = isObject(rootfs) ? rootfs['diff_ids'] : undefined;
  if (!Array.isArray(diffIds) || !diffIds.every(isDigest) || typeof value['os'] !== 'string')
    throw new UserError(`${what} is no image config`);
  if (typeof value['architecture'] !== 'string')
    throw new UserError(`${what} names no architecture`);
  return value as unknown as ImageConfig;
}

/** True where `value` is a descriptor whose digest we can check (sha256) and whose size is a size. */
export function isDescriptor(value: unknown): value is Descriptor {
  return (
    isObject(value) &&
    typeof value['mediaType'] === 'string' &&
    isDigest(value['digest']) &&
    Number.isSafeInteger(value['size']) &&
    (value['size'] as number) >= 0 &&
    isStringMap(value['annotations']) &&
    isPlatform(value['platform']) &&
    ['string', 'undefined'].includes(typeof value['artifactType'])
  );
}

function isDescriptorList(value: unknown): value is readonly Descriptor[] {
  return Array.isArray(value) && value.length <= MAX_LISTED && value.every(isDescriptor);
}

function isPlatform(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    isObject(value) && typeof value['os'] === 'string' && typeof value['architecture'] === 'string'
  );
}

function isStringMap(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return isObject(value) && Object.values(value).every((v) => typeof v === 'string');
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkShape(value: Fields, what: string): void {
  const subject = value['subject'];
  if (value['schemaVersion'] !== 2) throw new UserError(`${what} has no schemaVersion 2`);
  if (!isStringMap(value['annotations'])) throw new UserError(`${what} has malformed annotations`);
  if (subject !== undefined && subject !== null && !isDescriptor(subject))
    throw new UserError(`${what} has a malformed subject`);
}
