import { createHash, type Hash } from 'node:crypto';
import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import type { LayerCollector, WalkedLayer } from '../../model/walk.ts';
import { TarReader } from '../../tar/reader.ts';
import { EntryDispatch, type EntryLimits } from './entry-dispatch.ts';
import {
  type BlobSource,
  digestOfHash,
  layerError,
  type PlainSink,
  UNPACK_LIMITS,
  type UnpackedBlob,
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

export interface LayerSource extends BlobSource {
  readonly collectors: readonly LayerCollector<unknown>[];
  /** From the image config; checked where given. */
  readonly expectedDiffId?: Digest;
  readonly limits?: Partial<WalkLimits>;
}

/**
 * Reads a layer once: decompresses, hashes blob and plain bytes, hands every entry to the
 * collectors. What the collectors gathered counts only when this resolves: digests are known at the
 * end. Throws UserError where a digest differs, the layer is malformed, names a path outside the
 * image, or goes over a limit. Nothing is written anywhere. `unpack`: another thread does that
 * part.
 */
export async function walkLayer(
  source: LayerSource,
  unpack: (sink: PlainSink) => Promise<UnpackedBlob> = (sink) => unpackLayer(source, sink),
): Promise<WalkedLayer> {
  const walk = new Walk(source);
  try {
    return walk.finish(await unpack(walk));
  } catch (error) {
    throw layerError(error, source);
  }
}

class Walk implements PlainSink {
  readonly #expectedDiffId: Digest | undefined;
  readonly #dispatch: EntryDispatch;
  readonly #tar: TarReader;
  #hash: Hash | undefined = createHash('sha256');

  constructor({ collectors, limits, expectedDiffId }: LayerSource) {
    this.#expectedDiffId = expectedDiffId;
    this.#dispatch = new EntryDispatch(collectors, { ...WALK_LIMITS, ...limits });
    this.#tar = new TarReader(this.#dispatch);
  }

  start(isHashed: boolean): void {
    if (isHashed) this.#hash = undefined;
  }

  push(chunk: Uint8Array): void {
    this.#hash?.update(chunk);
    this.#tar.push(chunk);
  }

  finish({ digest, diffId: known }: UnpackedBlob): WalkedLayer {
    this.#tar.end();
    const diffId = known ?? (this.#hash === undefined ? digest : digestOfHash(this.#hash));
    if (this.#expectedDiffId !== undefined && diffId !== this.#expectedDiffId)
      throw new UserError(
        `layer ${digest} unpacks to ${diffId} where the image config says ${this.#expectedDiffId}`,
      );
    return { digest, diffId, entries: this.#dispatch.entries };
  }
}
