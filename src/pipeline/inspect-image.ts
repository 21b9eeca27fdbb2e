import { collectLayer } from '../facts/collect-layer.ts';
import { buildArgumentSecrets, configSecrets } from '../facts/config-secrets.ts';
import { foldLayers, type ImageContent } from '../facts/image-facts.ts';
import { FACTS_SCHEMA, isLayerFacts, type LayerFacts } from '../facts/layer-facts.ts';
import type { Digest } from '../model/digest.ts';
import type { Descriptor } from '../model/oci.ts';
import type { BlobStore } from '../oci/blob-store.ts';
import { createCache } from '../oci/json-cache.ts';
import { walkLayer } from '../oci/layer-walk.ts';
import type { PipelineContext } from './context.ts';
import type { StoredPlatform } from './image-layers.ts';

export interface Inspected {
  readonly content: ImageContent;
  /** Layers that were read now; the others' facts were there. */
  readonly read: number;
}

/**
 * What a platform's layers hold: each is read once in its life, its facts kept by its digest. Digest and diffID of what is read are
 * verified. `buildArgs` are those that the provenance will tell everybody.
 */
export async function inspectPlatform(
  context: PipelineContext,
  blobs: BlobStore,
  platform: Pick<StoredPlatform, 'config' | 'layers'>,
  buildArgs: Readonly<Record<string, string>>,
): Promise<Inspected> {
  let read = 0;
  const facts = new Map<Digest, LayerFacts>();
  for (const { blob, diffId } of platform.layers) {
    if (facts.has(blob.digest)) continue;
    context.signal.throwIfAborted();
    const found = await layerFacts(context, blobs, blob, diffId);
    facts.set(blob.digest, found.facts);
    if (!found.cached) read += 1;
  }
  const placed = platform.layers.flatMap(({ blob }) => {
    const layer = facts.get(blob.digest);
    return layer === undefined ? [] : [{ digest: blob.digest, facts: layer }];
  });
  const otherSecrets = [...configSecrets(platform.config), ...buildArgumentSecrets(buildArgs)];
  return { content: foldLayers(placed, otherSecrets), read };
}

async function layerFacts(
  context: PipelineContext,
  blobs: BlobStore,
  blob: Descriptor,
  diffId: Digest,
): Promise<{ readonly facts: LayerFacts; readonly cached: boolean }> {
  const cache = createCache(`${context.paths.cache}/facts`, FACTS_SCHEMA);
  const before = await cache.get(blob.digest);
  if (isLayerFacts(before)) return { facts: before, cached: true };
  const collection = collectLayer();
  await walkLayer({
    open: () => blobs.openRead(blob.digest),
    mediaType: blob.mediaType,
    collectors: collection.collectors,
    expectedDigest: blob.digest,
    expectedDiffId: diffId,
    signal: context.signal,
  });
  const facts = collection.facts();
  await cache.set(blob.digest, facts);
  return { facts, cached: false };
}
