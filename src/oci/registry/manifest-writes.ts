import { type Digest, digestOf, parseDigest } from '../../model/digest.ts';
import type { Descriptor } from '../../model/oci.ts';
import { drop } from './http-sender.ts';
import { push } from './registry-auth.ts';
import type { RegistryConnection } from './registry-connection.ts';
import { wrongDigest } from './registry-errors.ts';

/** A manifest or index with its verified descriptor. */
export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** What the registry calls this version of it (RFC 9110, 8.8.3), where it says. */
  readonly etag?: string;
}

export interface ManifestToPut {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface StoredManifest {
  readonly digest: Digest;
  /** The registry lists it as a referrer of its subject itself. */
  readonly subjectIndexed: boolean;
}

/**
 * Stores a manifest under a tag or its own digest (distribution-spec, "Pushing Manifests";
 * `subjectIndexed`: "Pushing Manifests with Subject"). Throws UserError.
 */
export async function putManifest(
  connection: RegistryConnection,
  repository: string,
  reference: string,
  manifest: ManifestToPut,
): Promise<StoredManifest> {
  const digest = digestOf(manifest.bytes);
  const response = await put(connection, repository, reference, manifest, {}, []);
  const stated = response.headers.get('docker-content-digest');
  if (stated !== null && stated !== digest) throw wrongDigest(connection.registry, digest, stated);
  return { digest, subjectIndexed: response.headers.has('oci-subject') };
}

/**
 * Stores a manifest under a tag unless that stands for another by now than `before` (RFC 9110,
 * 13.1). Registries that know no conditions store it all the same. False where it was not stored.
 */
export async function replaceTag(
  connection: RegistryConnection,
  repository: string,
  tag: string,
  manifest: ManifestToPut,
  before: FetchedManifest | undefined,
): Promise<boolean> {
  const response = await put(connection, repository, tag, manifest, condition(before), [409, 412]);
  return response.ok;
}

function condition(before: FetchedManifest | undefined): Readonly<Record<string, string>> {
  if (before === undefined) return { 'if-none-match': '*' };
  return before.etag === undefined ? {} : { 'if-match': before.etag };
}

/** Removes a manifest by digest; false where the registry does not allow it. Throws UserError. */
export async function deleteManifest(
  connection: RegistryConnection,
  repository: string,
  digest: Digest,
): Promise<boolean> {
  const response = await connection.call({
    method: 'DELETE',
    url: new URL(`${repository}/manifests/${digest}`, connection.base),
    scopes: [`${push(repository)},delete`],
    accept: [400, 401, 403, 404, 405],
    action: `removing ${manifestName(repository, digest)}`,
  });
  await drop(response);
  return response.ok || response.status === 404;
}

/**
 * Docker's own registry reads the link of a blob while another push writes it, and answers 400
 * (DIGEST_INVALID) to a manifest that is right. So a 400 counts when it comes again.
 */
async function put(
  connection: RegistryConnection,
  repository: string,
  reference: string,
  manifest: ManifestToPut,
  headers: Readonly<Record<string, string>>,
  accept: readonly number[],
): Promise<Response> {
  const first = await putOnce(connection, repository, reference, manifest, headers, [
    ...accept,
    400,
  ]);
  if (first.status !== 400) return first;
  await connection.pause(1, 0);
  return putOnce(connection, repository, reference, manifest, headers, accept);
}

async function putOnce(
  connection: RegistryConnection,
  repository: string,
  reference: string,
  { bytes, mediaType }: ManifestToPut,
  headers: Readonly<Record<string, string>>,
  accept: readonly number[],
): Promise<Response> {
  const response = await connection.call({
    method: 'PUT',
    url: new URL(`${repository}/manifests/${reference}`, connection.base),
    scopes: [push(repository)],
    headers: { 'content-type': mediaType, ...headers },
    body: () => bytes,
    accept,
    action: `pushing ${manifestName(repository, reference)}`,
  });
  await drop(response);
  return response;
}

/** A manifest as messages name it. */
export function manifestName(repository: string, reference: string): string {
  return `${repository}${parseDigest(reference) === undefined ? ':' : '@'}${reference}`;
}
