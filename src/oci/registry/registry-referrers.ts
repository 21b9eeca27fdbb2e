import { cleanText } from '../../model/clean-text.ts';
import { type Digest, digestHex } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, isIndex, MEDIA_TYPE } from '../../model/oci.ts';
import { MAX_DOCUMENT_BYTES, parseIndex } from '../documents.ts';
import { drop } from './http-sender.ts';
import { pull } from './registry-auth.ts';
import type { RegistryConnection } from './registry-connection.ts';

/** What is needed of a client; the client itself is handed in. */
interface Manifests {
  readonly connection: RegistryConnection;
  findManifest(repository: string, reference: string): Promise<Fetched | undefined>;
}

interface Fetched {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

const MAX_PAGES = 20;

/** `sha256-HEX` (distribution-spec, "Referrers Tag Schema"). */
export function fallbackTag(digest: Digest): string {
  return `sha256-${digestHex(digest)}`;
}

/**
 * Referrers of `digest`, from all pages of the API, else from the fallback tag. Throws UserError
 * rather than give a part.
 */
export async function listReferrers(
  client: Manifests,
  repository: string,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const { connection } = client;
  const found: Descriptor[] = [];
  let at: string | URL | undefined = `${repository}/referrers/${digest}`;
  for (let page = 0; at !== undefined && page < MAX_PAGES; page++) {
    // A mirror knows what was pulled through it: it could hide what the registry has.
    const response = await listCall(connection, { repository, digest, at }, 'where-unreachable');
    if (!(await isList(response, connection.registry))) {
      await drop(response);
      if (page === 0) return fromFallbackTag(client, repository, digest);
      throw unfinished(connection.registry, digest);
    }
    const bytes = await connection.bytes(response, MAX_DOCUMENT_BYTES);
    found.push(...parseIndex(bytes, `referrers of ${digest}`).manifests);
    at = nextPage(response, new URL(at, connection.base), connection.registry);
  }
  if (at !== undefined) throw unfinished(connection.registry, digest);
  return found;
}

/** True where the registry lists referrers itself. Throws UserError where it cannot be asked. */
export async function listsReferrers(
  { connection }: Pick<Manifests, 'connection'>,
  repository: string,
  digest: Digest,
): Promise<boolean> {
  const at = `${repository}/referrers/${digest}`;
  const response = await listCall(connection, { repository, digest, at });
  const lists = await isList(response, connection.registry);
  await drop(response);
  return lists;
}

function listCall(
  connection: RegistryConnection,
  { repository, digest, at }: { repository: string; digest: Digest; at: string | URL },
  mirrors?: 'where-unreachable',
): Promise<Response> {
  return connection.call({
    method: 'GET',
    at,
    scopes: [pull(repository)],
    headers: { accept: MEDIA_TYPE.index },
    accept: [404],
    ...(mirrors === undefined ? {} : { mirrors }),
    action: `listing referrers of ${digest}`,
  });
}

/**
 * False where the registry has no API of referrers, which only 404 says. Throws UserError for an
 * answer that is something else: a login page or a proxy knows nothing of what is attached.
 */
async function isList(response: Response, registry: string): Promise<boolean> {
  if (response.status === 404) return false;
  const type = response.headers.get('content-type') ?? '';
  if (/^[^;]*/.exec(type)?.[0].trim() === MEDIA_TYPE.index) return true;
  await drop(response);
  throw new UserError(
    `${registry} answered the list of referrers with ${cleanText(type.slice(0, 100)) || 'no type'}, not with an index`,
    {
      nextStep:
        'Check what stands between you and the registry: a proxy, a login page, a firewall.',
    },
  );
}

/** The entries of a fallback tag. Throws UserError where the tag is an image. */
export function listedIn({ descriptor, bytes }: Fetched, what: string): readonly Descriptor[] {
  if (!isIndex(descriptor.mediaType))
    throw new UserError(`${what} is not a list of referrers`, {
      nextStep: 'The tag is reserved by the OCI distribution specification; remove it there.',
    });
  return parseIndex(bytes, what).manifests;
}

async function fromFallbackTag(
  client: Manifests,
  repository: string,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const tag = fallbackTag(digest);
  const found = await client.findManifest(repository, tag);
  return found === undefined ? [] : listedIn(found, `${repository}:${tag}`);
}

/** The `rel="next"` of a Link header (RFC 8288), on the same origin only. */
function nextPage(response: Response, url: URL, registry: string): URL | undefined {
  const match = /<([^<>]*)>\s*;[^,<]*\brel="?next"?/.exec(response.headers.get('link') ?? '');
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
