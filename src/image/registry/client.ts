import { createHash } from 'node:crypto';
import { UserError } from '../../lib/errors.ts';
import { given } from '../../lib/json.ts';
import { cleanText } from '../../lib/text.ts';
import { type Descriptor, isIndex, MEDIA_TYPE } from '../../model/image.ts';
import { type Digest, digestHex, digestOf, parseDigest } from '../../model/reference.ts';
import { MAX_DOCUMENT_BYTES, parseIndex, parseObject } from '../documents.ts';
import { pull, push } from './auth.ts';
import { type ConnectionOptions, RegistryConnection } from './connection.ts';
import { drop, isLoopback, TransferError, wrongDigest } from './http.ts';

interface BlobUpload {
  readonly blob: Descriptor;
  /** The blob's bytes; called again for each try. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** A repository of the same registry that may have the blob. */
  readonly mountFrom?: string;
  /** Gets how many bytes have been passed to the connection. */
  readonly onProgress?: (done: number) => void;
}

type UploadOutcome = 'present' | 'mounted' | 'uploaded';

/**
 * Brings a blob into the repository by one PUT (distribution-spec, "Pushing Blobs"). After a broken
 * connection it is sent again from its start, unless the registry has it by then. Throws UserError.
 */
async function uploadBlob(
  connection: RegistryConnection,
  repository: string,
  { blob, open, mountFrom, onProgress }: BlobUpload,
): Promise<UploadOutcome> {
  const { digest, size } = blob;
  const scopes = [push(repository)];
  /** A failure of reading our own blob. fetch would report it as a broken connection. */
  const own: { failure?: Error } = {};
  const body = async function* (): AsyncIterable<Uint8Array> {
    let done = 0;
    try {
      for await (const chunk of open()) {
        yield chunk;
        done += chunk.length;
        onProgress?.(done);
      }
    } catch (error) {
      own.failure = error instanceof Error ? error : new Error(String(error));
      throw own.failure;
    }
  };
  // `fetch` adds the length of an empty request. Sent twice it would be refused.
  const length = size > 0 ? { 'content-length': String(size) } : {};
  const headers = { 'content-type': 'application/octet-stream', ...length };
  const content = size > 0 ? { body } : {};
  try {
    for (let attempt = 1; ; attempt++) {
      const at = `${repository}/blobs/${digest}`;
      const there = { method: 'HEAD', at, scopes, accept: [404], action: '' } as const;
      if ((await connection.tryCall(there)).ok) return attempt === 1 ? 'present' : 'uploaded';
      const mounted = attempt === 1 ? mountFrom : undefined;
      const url = await startUpload(connection, repository, blob, mounted);
      if (url === undefined) return 'mounted';
      url.searchParams.set('digest', digest);
      const put = { method: 'PUT', at: url, scopes, headers, ...content, action: '' } as const;
      try {
        await drop(await connection.tryCall({ ...put, retry: false }));
        return 'uploaded';
      } catch (error) {
        if (own.failure !== undefined) throw own.failure;
        if (attempt > connection.retries || !connection.isPassing(error)) throw error;
        await connection.pause(attempt);
      }
    }
  } catch (error) {
    throw connection.explain(error, `pushing blob ${digest} to ${repository}`);
  }
}

/** The address to send to; undefined where the blob was mounted. */
async function startUpload(
  connection: RegistryConnection,
  repository: string,
  blob: Descriptor,
  mountFrom?: string,
): Promise<URL | undefined> {
  const query =
    mountFrom === undefined
      ? ''
      : `?${new URLSearchParams({ mount: blob.digest, from: mountFrom }).toString()}`;
  const at = `${repository}/blobs/uploads/${query}`;
  const response = await connection.tryCall({
    method: 'POST',
    at,
    scopes: [push(repository), ...(mountFrom === undefined ? [] : [pull(mountFrom)])],
    // A registry that may not or cannot mount says so in one way or another.
    accept: mountFrom === undefined ? [] : [400, 401, 403, 404, 405],
    action: '',
  });
  await drop(response);
  if (!response.ok) return startUpload(connection, repository, blob);
  if (response.status === 201 && mountFrom !== undefined) return undefined;
  const location = new URL(response.headers.get('location') ?? '', new URL(at, connection.base));
  const isOwn = location.origin === connection.base.origin;
  if (!isOwn && location.protocol !== 'https:' && !isLoopback(location.hostname))
    throw new UserError(`${connection.registry} sends uploads to an address without TLS`, {
      nextStep:
        'Let the registry know its own https address (X-Forwarded-Proto, or its host setting).',
    });
  return location;
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
async function listReferrers(
  client: RegistryClient,
  repository: string,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const { connection } = client;
  const unfinished = new UserError(
    `${connection.registry} does not come to the end of its list of referrers of ${digest}`,
  );
  const found: Descriptor[] = [];
  let at: string | URL | undefined = `${repository}/referrers/${digest}`;
  for (let page = 0; at !== undefined; page++) {
    if (page === MAX_PAGES) throw unfinished;
    // A mirror knows what was pulled through it: it could hide what the registry has.
    const response = await pageOf(connection, repository, digest, at, 'where-unreachable');
    if (response === undefined && page > 0) throw unfinished;
    if (response === undefined) return fromFallbackTag(client, repository, digest);
    const bytes = await connection.bytes(response, MAX_DOCUMENT_BYTES);
    found.push(...parseIndex(bytes, `referrers of ${digest}`).manifests);
    at = nextPage(response, new URL(at, connection.base), connection.registry);
  }
  return found;
}

/** True where the registry lists referrers itself. Throws UserError where it cannot be asked. */
export async function listsReferrers(
  { connection }: Pick<RegistryClient, 'connection'>,
  repository: string,
  digest: Digest,
): Promise<boolean> {
  const at = `${repository}/referrers/${digest}`;
  const response = await pageOf(connection, repository, digest, at);
  if (response !== undefined) await drop(response);
  return response !== undefined;
}

/**
 * A list of referrers; undefined where the registry has no API of them, which only 404 says. Throws
 * UserError for any other answer: a login page or a proxy knows nothing of what is attached.
 */
async function pageOf(
  connection: RegistryConnection,
  repository: string,
  digest: Digest,
  at: string | URL,
  mirrors?: 'where-unreachable',
): Promise<Response | undefined> {
  const response = await connection.call({
    method: 'GET',
    at,
    scopes: [pull(repository)],
    headers: { accept: MEDIA_TYPE.index },
    accept: [404],
    ...given({ mirrors }),
    action: `listing referrers of ${digest}`,
  });
  const type = response.headers.get('content-type') ?? '';
  if (response.status !== 404 && /^[^;]*/.exec(type)?.[0].trim() === MEDIA_TYPE.index)
    return response;
  await drop(response);
  if (response.status === 404) return undefined;
  throw new UserError(
    `${connection.registry} answered the list of referrers with ${cleanText(type.slice(0, 100)) || 'no type'}, not with an index`,
    {
      nextStep:
        'Check what stands between you and the registry: a proxy, a login page, a firewall.',
    },
  );
}

/** The entries of a fallback tag. Throws UserError where the tag is an image. */
export function listedIn(
  { descriptor, bytes }: FetchedManifest,
  what: string,
): readonly Descriptor[] {
  if (!isIndex(descriptor.mediaType))
    throw new UserError(`${what} is not a list of referrers`, {
      nextStep: 'The tag is reserved by the OCI distribution specification; remove it there.',
    });
  return parseIndex(bytes, what).manifests;
}

async function fromFallbackTag(
  client: RegistryClient,
  repository: string,
  digest: Digest,
): Promise<readonly Descriptor[]> {
  const tag = fallbackTag(digest);
  const found = await client.findManifest(repository, tag);
  return found === undefined ? [] : listedIn(found, `${repository}:${tag}`);
}

/** The `rel="next"` of a Link header (RFC 8288), on the same origin only. */
export function nextPage(response: Response, url: URL, registry: string): URL | undefined {
  const match = /<([^<>]*)>\s*;[^,<]*\brel="?next"?/.exec(response.headers.get('link') ?? '');
  if (match?.[1] === undefined) return undefined;
  const next = new URL(match[1], url);
  if (next.origin !== url.origin)
    throw new UserError(`${registry} sends a list on to another address`);
  return next;
}

const ACCEPT = [
  MEDIA_TYPE.index,
  MEDIA_TYPE.manifest,
  MEDIA_TYPE.dockerIndex,
  MEDIA_TYPE.dockerManifest,
].join(', ');
const PROGRESS_BYTES = 8 * 1024 * 1024;
/** Bytes on the wire have to be the bytes that the digest is of. */
const AS_STORED = { 'accept-encoding': 'identity' };

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

interface StoredManifest {
  readonly digest: Digest;
  /** The registry lists it as a referrer of its subject itself. */
  readonly subjectIndexed: boolean;
}

/** One registry (OCI distribution-spec 1.1). `reference` is a tag or digest. Throws UserError. */
export class RegistryClient {
  readonly connection: RegistryConnection;

  constructor(options: ConnectionOptions) {
    this.connection = new RegistryConnection(options);
  }

  /** The manifest, at most 4 MiB, its digest verified. Throws UserError where there is none. */
  async getManifest(repository: string, reference: string): Promise<FetchedManifest> {
    const found = await this.findManifest(repository, reference);
    if (found !== undefined) return found;
    const { registry } = this.connection;
    throw new UserError(`${registry} has no ${manifestName(repository, reference)}`, {
      nextStep: `Check the name and the tag; where it is private, run \`docker login ${registry}\`.`,
    });
  }

  /** As `getManifest`, undefined where there is none. */
  async findManifest(repository: string, reference: string): Promise<FetchedManifest | undefined> {
    const response = await this.#manifestCall(repository, reference);
    if (response.status === 404) {
      await drop(response);
      return undefined;
    }
    const action = `fetching ${manifestName(repository, reference)}`;
    const bytes = await this.connection.bytes(response, MAX_DOCUMENT_BYTES).catch((e: unknown) => {
      throw this.connection.explain(e, action);
    });
    const digest = digestOf(bytes);
    const stated = parseDigest(reference) ?? response.headers.get('docker-content-digest');
    if (stated !== null && stated !== digest)
      throw wrongDigest(this.connection.registry, stated, digest);
    const own = parseObject(bytes, manifestName(repository, reference))['mediaType'];
    const mediaType =
      typeof own === 'string' ? own : (mediaTypeOf(response) ?? MEDIA_TYPE.manifest);
    const etag = response.headers.get('etag') ?? undefined;
    const descriptor = { mediaType, digest, size: bytes.length };
    return { descriptor, bytes, ...(etag === undefined ? {} : { etag }) };
  }

  /**
   * The blob's content. An interrupted transfer continues where it stopped. Bytes count only when
   * the iteration ends: then size and digest are verified. The digest is not checked with `verify:
   * false`, for a reader that hashes, or if the blob is not read from its `start`.
   */
  async *getBlob(
    repository: string,
    blob: Descriptor,
    options: { readonly verify?: boolean; readonly start?: number } = {},
  ): AsyncIterable<Uint8Array> {
    const { verify = true, start = 0 } = options;
    const hash = verify && start === 0 ? createHash('sha256') : undefined;
    let done = start;
    let before = start;
    for (let attempt = 1; done < blob.size || attempt === 1; attempt++) {
      try {
        for await (const chunk of this.#blobFrom(repository, blob.digest, done)) {
          done += chunk.length;
          if (done > blob.size)
            throw new UserError(`${this.connection.registry} sends more than ${blob.digest} has`);
          hash?.update(chunk);
          yield chunk;
        }
        if (done < blob.size) throw new TransferError('the transfer ended before the blob did');
      } catch (error) {
        // A large blob may be interrupted often. A try that got a good part of it does not count.
        if (done - before >= PROGRESS_BYTES) attempt = 1;
        before = done;
        const passing = error instanceof TransferError && attempt <= this.connection.retries;
        if (!passing) throw this.connection.explain(error, `fetching blob ${blob.digest}`);
        await this.connection.pause(attempt);
      }
    }
    if (hash === undefined) return;
    const digest = `sha256:${hash.digest('hex')}`;
    if (digest !== blob.digest) throw wrongDigest(this.connection.registry, blob.digest, digest);
  }

  /** What a name points to, undefined if it is gone; if possible without reading the manifest. */
  async findDigest(repository: string, reference: string): Promise<Digest | undefined> {
    const response = await this.connection.call({
      method: 'HEAD',
      at: `${repository}/manifests/${reference}`,
      scopes: [pull(repository)],
      headers: { accept: ACCEPT },
      accept: [404],
      action: `checking ${manifestName(repository, reference)}`,
    });
    await drop(response);
    if (response.status === 404) return undefined;
    const stated = parseDigest(response.headers.get('docker-content-digest'));
    return stated ?? (await this.getManifest(repository, reference)).descriptor.digest;
  }

  async hasBlob(repository: string, digest: Digest): Promise<boolean> {
    const response = await this.connection.call({
      method: 'HEAD',
      at: `${repository}/blobs/${digest}`,
      scopes: [pull(repository)],
      accept: [404],
      action: `looking for blob ${digest}`,
    });
    return response.status !== 404;
  }

  /** Uploads a blob unless the registry has it or can mount it from another of its repositories. */
  pushBlob(repository: string, upload: BlobUpload): Promise<UploadOutcome> {
    return uploadBlob(this.connection, repository, upload);
  }

  /**
   * Stores a manifest under a tag or its own digest (distribution-spec, "Pushing Manifests";
   * `subjectIndexed`: "Pushing Manifests with Subject"). Throws UserError.
   */
  async putManifest(
    repository: string,
    reference: string,
    manifest: ManifestToPut,
  ): Promise<StoredManifest> {
    const digest = digestOf(manifest.bytes);
    const response = await this.#put(repository, reference, manifest, {}, []);
    const stated = response.headers.get('docker-content-digest');
    if (stated !== null && stated !== digest)
      throw wrongDigest(this.connection.registry, digest, stated);
    return { digest, subjectIndexed: response.headers.has('oci-subject') };
  }

  /**
   * Stores a manifest under a tag, unless the tag is no longer `before` (RFC 9110, 13.1).
   * Registries without conditions store it anyway. False if it was not stored.
   */
  async replaceTag(
    repository: string,
    tag: string,
    manifest: ManifestToPut,
    before: FetchedManifest | undefined,
  ): Promise<boolean> {
    const etag = before?.etag === undefined ? {} : { 'if-match': before.etag };
    const condition = before === undefined ? { 'if-none-match': '*' } : etag;
    return (await this.#put(repository, tag, manifest, condition, [409, 412])).ok;
  }

  /** Removes a manifest by digest; false where the registry does not allow it. Throws UserError. */
  async deleteManifest(repository: string, digest: Digest): Promise<boolean> {
    const response = await this.connection.call({
      method: 'DELETE',
      at: `${repository}/manifests/${digest}`,
      scopes: [`${push(repository)},delete`],
      accept: [400, 401, 403, 404, 405],
      action: `removing ${manifestName(repository, digest)}`,
    });
    await drop(response);
    return response.ok || response.status === 404;
  }

  /** Manifests whose subject is `digest`: by the referrers API, else by the fallback tag. */
  referrers(repository: string, digest: Digest): Promise<readonly Descriptor[]> {
    return listReferrers(this, repository, digest);
  }

  /**
   * Docker's own registry reads the link of a blob while another push writes it, and answers 400
   * (DIGEST_INVALID) to a manifest that is right. So a 400 counts when it comes again.
   */
  async #put(
    repository: string,
    reference: string,
    { bytes, mediaType }: ManifestToPut,
    headers: Readonly<Record<string, string>>,
    accept: readonly number[],
  ): Promise<Response> {
    for (const more of [[400], []]) {
      const response = await this.connection.call({
        method: 'PUT',
        at: `${repository}/manifests/${reference}`,
        scopes: [push(repository)],
        headers: { 'content-type': mediaType, ...headers },
        body: () => bytes,
        accept: [...accept, ...more],
        action: `pushing ${manifestName(repository, reference)}`,
      });
      await drop(response);
      if (response.status !== 400) return response;
      await this.connection.pause(1, 0);
    }
    throw new Error('a second 400 is thrown');
  }

  #manifestCall(repository: string, reference: string): Promise<Response> {
    return this.connection.call({
      method: 'GET',
      at: `${repository}/manifests/${reference}`,
      scopes: [pull(repository)],
      headers: { accept: ACCEPT, ...AS_STORED },
      accept: [404],
      mirrors: 'before',
      action: `fetching ${manifestName(repository, reference)}`,
    });
  }

  async *#blobFrom(repository: string, digest: Digest, start: number): AsyncIterable<Uint8Array> {
    const response = await this.connection.tryCall({
      method: 'GET',
      at: `${repository}/blobs/${digest}`,
      scopes: [pull(repository)],
      headers: { ...AS_STORED, ...(start > 0 ? { range: `bytes=${start}-` } : {}) },
      mirrors: 'before',
      action: '',
    });
    // A registry may answer a range with the whole.
    let skip = response.status === 206 ? 0 : start;
    for await (const chunk of this.connection.content(response)) {
      const rest = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  }
}

function mediaTypeOf(response: Response): string | undefined {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim();
  return type === undefined || !ACCEPT.includes(type) ? undefined : type;
}

function manifestName(repository: string, reference: string): string {
  return `${repository}${parseDigest(reference) === undefined ? ':' : '@'}${reference}`;
}
