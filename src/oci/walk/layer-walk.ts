import { createHash, type Hash } from 'node:crypto';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { LayerCollector, WalkedLayer } from '../../model/walk.ts';
import { TarReader } from '../../tar/reader.ts';
import { EntryDispatch, type EntryLimits } from './entry-dispatch.ts';
import { type PlainReader, UnpackingFailed } from './walk-ring.ts';
import {
  type BlobSource,
  layerError,
  type PlainSink,
  UNPACK_LIMITS,
  type UnpackLimits,
  unpackLayer,
} from './walk-unpack.ts';

/** What a layer may claim before it is refused. */
export type WalkLimits = EntryLimits & UnpackLimits;

const WALK_LIMITS: WalkLimits = {
  ...UNPACK_LIMITS,
  maxEntries: 4_000_000,
  maxNameLength: 256 * 2 ** 20,
};

interface PlainSource {
  readonly collectors: readonly LayerCollector<unknown>[];
  readonly expectedDigest: Digest;
  /** From the image config; checked where given. */
  readonly expectedDiffId?: Digest;
  readonly limits?: Partial<WalkLimits>;
}

export type LayerSource = BlobSource & PlainSource;

/**
 * Reads a layer once: decompresses, hashes blob and plain bytes, hands every entry to the collectors. What the collectors
 * gathered counts only when this resolves: digests are known at the end. Throws UserError where a digest differs, the
 * layer is malformed, names a path outside the image, or goes over a limit. Nothing is written anywhere.
 */
export async function walkLayer(source: LayerSource): Promise<WalkedLayer> {
  const walk = new Walk(source);
  try {
    return walk.finish(await unpackLayer(source, walk));
  } catch (error) {
    throw layerError(error, source);
  }
}

/**
 * The same for a layer that another thread unpacks into `plain`. Where that thread fails the error is `UnpackingFailed`, and the
 * other's own is the one to tell.
 */
export function walkUnpacked(source: PlainSource, plain: PlainReader): WalkedLayer {
  const walk = new Walk(source);
  try {
    return walk.finish(plain.readInto(walk));
  } catch (error) {
    if (error instanceof UnpackingFailed) throw error;
    plain.abandon();
    throw layerError(error, source);
  }
}

class Walk implements PlainSink {
  readonly #expectedDiffId: Digest | undefined;
  readonly #dispatch: EntryDispatch;
  readonly #tar: TarReader;
  #hash: Hash | undefined = createHash('sha256');
  #bytes = 0;

  constructor({ collectors, limits, expectedDiffId }: PlainSource) {
    this.#expectedDiffId = expectedDiffId;
    this.#dispatch = new EntryDispatch(collectors, { ...WALK_LIMITS, ...limits });
    this.#tar = new TarReader(this.#dispatch);
  }

  start(isBlob: boolean): void {
    // One hash serves both.
    if (isBlob) this.#hash = undefined;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#hash?.update(chunk);
    this.#tar.push(chunk);
  }

  finish(digest: Digest): WalkedLayer {
    this.#tar.end();
    const diffId =
      this.#hash === undefined ? digest : (`sha256:${this.#hash.digest('hex')}` as Digest);
    if (this.#expectedDiffId !== undefined && diffId !== this.#expectedDiffId)
      throw new UserError(
        `layer ${digest} unpacks to ${diffId} where the image config says ${this.#expectedDiffId}`,
      );
    return { digest, diffId, entries: this.#dispatch.entries, uncompressedSize: this.#bytes };
  }
}
