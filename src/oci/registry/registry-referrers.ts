import { type Digest, digestHex } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, isIndex, MEDIA_TYPE } from '../../model/oci.ts';
import { MAX_DOCUMENT_BYTES, parseIndex } from '../documents.ts';
import { drop } from './http-sender.ts';
import { pull, type RegistryConnection } from './registry-connection.ts';

/** What is needed of a client; the client itself is handed in. */
interface Manifests {
  readonly connection: RegistryConnection;
  findManifest(
    repository: string,
    reference: string,
  ): Promise<{ readonly descriptor: Descriptor; readonly bytes: Uint8Array } | undefined>;
  putManifest(
    repository: string,
    reference: string,
    manifest: { readonly bytes: Uint8Array; readonly mediaType: string },
  ): Promise<unknown>;
}

const MAX_PAGES = 20;
const MAX_UPDATES = 4;

/** `sha256-HEX` (distribution-spec, "Referrers Tag Schema"). */
export function fallbackTag(digest: Digest): string {
  return `sha256-${digestHex(digest)}`;
}

/** Referrers of `digest`, from the API with all its pages, else from the fallback tag. Throws UserError rather than give a part. */
export async function listReferrers(
  client: Manifests,
  repository: string,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const { connection } = client;
  const found: Descriptor[] = [];
  let url: URL | undefined = new URL(`${repository}/referrers/${digest}`, connection.base);
  for (let page = 0; url !== undefined && page < MAX_PAGES; page++) {
    const response: Response = await connection.call({
      method: 'GET',
      url,
      scopes: [pull(repository)],
      headers: { accept: MEDIA_TYPE.index },
      accept: [400, 404, 405],
      action: `listing referrers of ${digest}`,
    });
    if (
      !response.ok ||
      response.headers.get('content-type')?.startsWith(MEDIA_TYPE.index) !== true
    ) {
      await drop(response);
      if (page === 0) return fromFallbackTag(client, repository, digest);
      throw unfinished(connection.registry, digest);
    }
    const bytes = await connection.bytes(response, MAX_DOCUMENT_BYTES);
    found.push(...parseIndex(bytes, `referrers of ${digest}`).manifests);
    url = nextPage(response, url, connection.registry);
  }
  if (url !== undefined) throw unfinished(connection.registry, digest);
  return found;
}

/**
 * Adds `referrer` to the index under the fallback tag of `subject`. Another client may write at the same time and there is no
 * lock, so the index is read again afterwards and, where the entry was lost, written once more.
 */
export async function updateFallbackTag(
  client: Manifests,
  repository: string,
  subject: Digest,
  referrer: Descriptor,
): Promise<void> {
  for (let attempt = 0; attempt < MAX_UPDATES; attempt++) {
    const listed = await fromFallbackTag(client, repository, subject);
    if (listed.some((descriptor) => descriptor.digest === referrer.digest)) return;
    const index = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.index,
      manifests: [...listed, referrer],
    };
    await client.putManifest(repository, fallbackTag(subject), {
      bytes: Buffer.from(JSON.stringify(index)),
      mediaType: MEDIA_TYPE.index,
    });
  }
  const listed = await fromFallbackTag(client, repository, subject);
  if (!listed.some((descriptor) => descriptor.digest === referrer.digest))
    throw new UserError(`${repository}: the list of referrers keeps changing while it is read`, {
      nextStep: 'Another client writes signatures of the same image; run the command again.',
    });
}

async function fromFallbackTag(
  client: Manifests,
  repository: string,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const tag = fallbackTag(digest);
  const found = await client.findManifest(repository, tag);
  if (found === undefined) return [];
  if (!isIndex(found.descriptor.mediaType))
    throw new UserError(`${repository}:${tag} is not a list of referrers`, {
      nextStep: 'The tag is reserved by the OCI distribution specification; remove it there.',
    });
  return parseIndex(found.bytes, `${repository}:${tag}`).manifests;
}

/** The `rel="next"` of a Link header (RFC 8288), on the same origin only. */
function nextPage(response: Response, url: URL, registry: string): URL | undefined {
  const match = /<([^<>]*)>\s*;[^,]*\brel="?next"?/.exec(response.headers.get('link') ?? '');
  if (match?.[1] === undefined) return undefined;
  const next = new URL(match[1], url);
  if (next.origin !== url.origin)
    throw new UserError(`${registry} sends the list of referrers on to another address`);
  return next;
}

function unfinished(registry: string, digest: Digest): UserError {
  return new UserError(
    `${registry} does not come to the end of its list of referrers of ${digest}`,
  );
}
