import { collectLayer } from '../../facts/collect-layer.ts';
import type { CloserLook, LayerFacts } from '../../facts/layer-facts.ts';
import type { Digest } from '../../model/digest.ts';
import { walkLayer, walkUnpacked } from '../../oci/walk/layer-walk.ts';
import { PlainReader } from '../../oci/walk/walk-ring.ts';
import type { BlobSource } from '../../oci/walk/walk-unpack.ts';

/** A layer to read, as plain data that a thread can be handed. */
export interface LayerRequest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly diffId: Digest;
  /** False leaves out the scan for secrets. */
  readonly secrets: boolean;
  readonly closer?: CloserLook | undefined;
}

type ReadOptions = Pick<BlobSource, 'signal' | 'onLargeWindow'>;

/**
 * Reads a layer in this thread: its facts, digest and diffID verified. Throws UserError where the
 * layer is malformed, another, or over a limit.
 */
export async function readLayer(
  { mediaType, digest, diffId, secrets, closer }: LayerRequest,
  open: BlobSource['open'],
  options: ReadOptions = {},
): Promise<LayerFacts> {
  const collection = collectLayer({ secrets, closer });
  await walkLayer({
    open,
    mediaType,
    collectors: collection.collectors,
    expectedDigest: digest,
    expectedDiffId: diffId,
    ...options,
  });
  return collection.facts();
}

/**
 * Reads a layer that another thread unpacks; `waits` where this thread may wait for it. Throws as
 * `readLayer` does, and UnpackingFailed where the other has failed.
 */
export async function readUnpacked(
  shared: SharedArrayBuffer,
  request: LayerRequest,
  waits: boolean,
): Promise<LayerFacts> {
  const collection = collectLayer({ secrets: request.secrets, closer: request.closer });
  await walkUnpacked(
    {
      collectors: collection.collectors,
      expectedDigest: request.digest,
      expectedDiffId: request.diffId,
    },
    new PlainReader(shared),
    waits,
  );
  return collection.facts();
}
