import { cleanText } from '../../model/clean-text.ts';
import { type Digest, digestHex } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { inParallel } from '../../model/in-parallel.ts';
import { type Descriptor, isIndex, MEDIA_TYPE } from '../../model/oci.ts';
import { MAX_DOCUMENT_BYTES, parseIndex } from '../documents.ts';
import { drop } from './http-sender.ts';
import type { FetchedManifest } from './manifest-writes.ts';
import { pull } from './registry-auth.ts';
import type { RegistryConnection } from './registry-connection.ts';
import type { SharedTag } from './shared-tag.ts';

/** What is needed of a client; the client itself is handed in. */
interface Manifests {
  readonly connection: RegistryConnection;
  findManifest(repository: string, reference: string): Promise<FetchedManifest | undefined>;
}

const MAX_PAGES = 20;
/** Entries of a list that are checked to find older statements; an image has a dozen. */
const MOST_ASKED = 300;
const AT_ONCE = 6;

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
  let url: URL | undefined = new URL(`${repository}/referrers/${digest}`, connection.base);
  for (let page = 0; url !== undefined && page < MAX_PAGES; page++) {
    const response: Response = await connection.call({
      method: 'GET',
      url,
      scopes: [pull(repository)],
      headers: { accept: MEDIA_TYPE.index },
      accept: [404],
      // A mirror knows what was pulled through it: it could hide what the registry has.
      mirrors: 'where-unreachable',
      action: `listing referrers of ${digest}`,
    });
    if (!(await isList(response, connection.registry))) {
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

/** True where the registry lists referrers itself. Throws UserError where it cannot be asked. */
export async function listsReferrers(
  { connection }: Pick<Manifests, 'connection'>,
  repository: string,
  digest: Digest,
): Promise<boolean> {
  const response = await connection.call({
    method: 'GET',
    url: new URL(`${repository}/referrers/${digest}`, connection.base),
    scopes: [pull(repository)],
    headers: { accept: MEDIA_TYPE.index },
    accept: [404],
    action: `listing referrers of ${digest}`,
  });
  const lists = await isList(response, connection.registry);
  await drop(response);
  return lists;
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

/**
 * The tag that lists referrers of `subject`, with those of `added` and without those that
 * `isReplaced` names. What else it lists stays as it is, field by field. Throws UserError where the
 * tag is an image.
 */
export function fallbackList(
  repository: string,
  subject: Digest,
  added: readonly Descriptor[],
  isReplaced: (listed: Descriptor) => Promise<boolean>,
): SharedTag {
  const tag = fallbackTag(subject);
  return {
    tag,
    merge: async (current) => {
      const listed = current === undefined ? [] : listedIn(current, `${repository}:${tag}`);
      const isAdded = ({ digest }: Descriptor): boolean => added.some((a) => a.digest === digest);
      const others = listed.filter((one) => !isAdded(one));
      const replaced = new Set<Descriptor>();
      await inParallel(others.slice(0, MOST_ASKED), AT_ONCE, async (one) => {
        if (await isReplaced(one)) replaced.add(one);
      });
      const kept = listed.filter((one) => !replaced.has(one));
      const missing = added.filter(({ digest }) => !kept.some((one) => one.digest === digest));
      if (missing.length + replaced.size === 0) return undefined;
      const manifests = [...kept, ...missing];
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests };
      return { bytes: Buffer.from(JSON.stringify(index)), mediaType: MEDIA_TYPE.index };
    },
  };
}

function listedIn({ descriptor, bytes }: FetchedManifest, what: string): readonly Descriptor[] {
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
