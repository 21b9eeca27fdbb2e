import { collectLayer } from '../facts/collect-layer.ts';
import type { LayerFacts } from '../facts/layer-facts.ts';
import type { Digest } from '../model/digest.ts';
import { walkLayer } from '../oci/layer-walk.ts';

/** A layer to read, as plain data that a thread can be handed. */
export interface LayerRequest {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly diffId: Digest;
  /** False leaves out the scan for secrets. */
  readonly secrets: boolean;
}

/**
 * Reads a layer in this thread: its facts, digest and diffID verified. A chunk's memory may be used again once the next is asked for.
 * Throws UserError where the layer is malformed, another, or over a limit.
 */
export async function readLayer(
  { mediaType, digest, diffId, secrets }: LayerRequest,
  open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>,
  signal?: AbortSignal,
): Promise<LayerFacts> {
  const collection = collectLayer({ secrets });
  await walkLayer({
    open,
    mediaType,
    collectors: collection.collectors,
    expectedDigest: digest,
    expectedDiffId: diffId,
    ...(signal === undefined ? {} : { signal }),
  });
  return collection.facts();
}
