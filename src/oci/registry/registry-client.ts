import { createHash } from 'node:crypto';
import { type Digest, digestOf, parseDigest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { type Descriptor, MEDIA_TYPE } from '../../model/oci.ts';
import { MAX_DOCUMENT_BYTES, parseObject } from '../documents.ts';
import { uploadBlob, type BlobUpload, type UploadOutcome } from './blob-upload.ts';
import { drop } from './http-sender.ts';
import { pull, push } from './registry-auth.ts';
import { type ConnectionOptions, RegistryConnection } from './registry-connection.ts';
import { TransferError, wrongDigest } from './registry-errors.ts';
import { listReferrers } from './registry-referrers.ts';

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
   * The blob's content. A cut transfer is taken up where it broke. What was handed out counts only
   * when the iteration ends: then size and digest are verified; the digest not where `verify` is
   * false, for a reader that hashes by itself, nor where it is not read from its `start`.
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
        // A large blob may break often and still come: what brought a good piece of it was no vain
        // try.
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
   * Stores a manifest under a tag unless that stands for another by now than `before` (RFC 9110,
   * 13.1). Registries that know no conditions store it all the same. False where it was not stored.
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

/** A manifest as messages name it. */
function manifestName(repository: string, reference: string): string {
  return `${repository}${parseDigest(reference) === undefined ? ':' : '@'}${reference}`;
}
