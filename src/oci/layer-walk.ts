import { createHash, type Hash } from 'node:crypto';
import type { Digest } from '../model/digest.ts';
import { messageOf, UserError } from '../model/errors.ts';
import type { LayerCollector, WalkedLayer } from '../model/walk.ts';
import { TarReader } from '../tar/reader.ts';
import { compressionOf, startDecompressor } from './decompress.ts';
import { EntryDispatch, type EntryLimits } from './entry-dispatch.ts';
import type { Decompressor } from './walk-decompressor.ts';

/** What a layer may claim before it is refused: a bomb is small in the registry and endless here. */
export interface WalkLimits extends EntryLimits {
  readonly maxBytes: number;
  /** Plain bytes for one compressed byte, judged once `ratioFrom` plain bytes have come. */
  readonly maxRatio: number;
  readonly ratioFrom: number;
}

export const WALK_LIMITS: WalkLimits = {
  maxEntries: 4_000_000,
  maxNameLength: 256 * 2 ** 20,
  maxBytes: 256 * 2 ** 30,
  maxRatio: 250,
  ratioFrom: 2 * 2 ** 30,
};

export interface LayerSource {
  /** The layer's blob from its first byte; chunks of 256 KiB to 1 MiB are read fastest, and their memory may be used again for the next. */
  readonly open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;
  readonly mediaType: string;
  readonly collectors: readonly LayerCollector<unknown>[];
  readonly expectedDigest: Digest;
  /** From the image config; checked where given. */
  readonly expectedDiffId?: Digest;
  readonly limits?: Partial<WalkLimits>;
  readonly signal?: AbortSignal;
}

const LAYER_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer(?:\.nondistributable)?\.v1\.tar|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar)(?:[.+](?:gzip|zstd))?$/;

/**
 * Reads a layer once: decompresses, hashes blob and plain bytes, hands every entry to the collectors. What the collectors
 * gathered counts only when this resolves: digests are known at the end. Throws UserError where a digest differs, the
 * layer is malformed, names a path outside the image, or goes over a limit. Nothing is written anywhere.
 */
export async function walkLayer(source: LayerSource): Promise<WalkedLayer> {
  checkLayerType(source.mediaType, source.expectedDigest);
  const walk = new Walk(source);
  try {
    for await (const chunk of await source.open()) {
      source.signal?.throwIfAborted();
      await walk.push(chunk);
    }
    return await walk.finish();
  } catch (error) {
    if (error instanceof UserError || source.signal?.aborted === true) throw error;
    throw new UserError(`layer ${source.expectedDigest} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  } finally {
    walk.destroy();
  }
}

/** Throws UserError where a layer's media type is none of a file system. */
export function checkLayerType(mediaType: string, digest: Digest): void {
  if (!LAYER_TYPE.test(mediaType))
    throw new UserError(
      `layer ${digest} has a type that is no file system: ${JSON.stringify(mediaType.slice(0, 200))}`,
    );
}

class Walk {
  readonly #source: LayerSource;
  readonly #limits: WalkLimits;
  readonly #blobHash: Hash = createHash('sha256');
  readonly #dispatch: EntryDispatch;
  readonly #tar: TarReader;
  #plainHash: Hash | undefined = createHash('sha256');
  #decompressor: Decompressor | undefined;
  #head: Uint8Array = new Uint8Array(0);
  #blobBytes = 0;
  #plainBytes = 0;

  constructor(source: LayerSource) {
    this.#source = source;
    this.#limits = { ...WALK_LIMITS, ...source.limits };
    this.#dispatch = new EntryDispatch(source.collectors, this.#limits);
    this.#tar = new TarReader(this.#dispatch);
  }

  /** Undefined where the chunk has been taken in at once. */
  push(chunk: Uint8Array): Promise<void> | undefined {
    this.#blobHash.update(chunk);
    this.#blobBytes += chunk.length;
    if (this.#decompressor !== undefined) return this.#decompressor.write(chunk);
    this.#head = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    return this.#head.length < 4 ? undefined : this.#start();
  }

  async finish(): Promise<WalkedLayer> {
    const { expectedDigest, expectedDiffId } = this.#source;
    // The blob first: where it is another, what its content says does not matter.
    const digest = `sha256:${this.#blobHash.digest('hex')}` as Digest;
    if (digest !== expectedDigest)
      throw new UserError(`layer ${expectedDigest} has other content: its digest is ${digest}`);
    if (this.#decompressor === undefined) await this.#start();
    await this.#decompressor?.end();
    this.#tar.end();
    const diffId =
      this.#plainHash === undefined
        ? digest
        : (`sha256:${this.#plainHash.digest('hex')}` as Digest);
    if (expectedDiffId !== undefined && diffId !== expectedDiffId)
      throw new UserError(
        `layer ${digest} unpacks to ${diffId} where the image config says ${expectedDiffId}`,
      );
    const { entries } = this.#dispatch;
    return { digest, diffId, entries, uncompressedSize: this.#plainBytes };
  }

  destroy(): void {
    this.#decompressor?.destroy();
  }

  #start(): Promise<void> | undefined {
    const compression = compressionOf(this.#head);
    // An uncompressed blob is its own plain form: one hash serves both.
    if (compression === 'none') this.#plainHash = undefined;
    const onChunk = (chunk: Uint8Array): void => {
      this.#plain(chunk);
    };
    this.#decompressor = startDecompressor(compression, onChunk);
    return this.#decompressor.write(this.#head);
  }

  #plain(chunk: Uint8Array): void {
    this.#plainBytes += chunk.length;
    const { maxBytes, maxRatio, ratioFrom } = this.#limits;
    if (this.#plainBytes > maxBytes)
      throw new UserError(`a layer unpacks to more than ${maxBytes} bytes`);
    if (this.#plainBytes > ratioFrom && this.#plainBytes > this.#blobBytes * maxRatio)
      throw new UserError(`a layer unpacks to more than ${maxRatio} times its size`);
    this.#plainHash?.update(chunk);
    this.#tar.push(chunk);
  }
}
