import { closerLooks } from '../../facts/closer-looks.ts';
import { FileTree } from '../../facts/filesystem/file-tree.ts';
import { foldLayers, type ImageContent } from '../../facts/image-facts.ts';
import type { LayerFacts, PlacedLayer } from '../../facts/layer-facts.ts';
import {
  buildArgumentSecrets,
  configSecrets,
  joined,
} from '../../facts/secrets/document-secrets.ts';
import type { ImageConfig } from '../../model/oci.ts';
import type { FoundSecrets } from '../../model/secret-facts.ts';
import type { CacheHome } from '../../oci/layout/caches.ts';
import type { PipelineContext } from '../context.ts';
import { type ImageLayer, inspectLayers, type LayerOrigin } from './inspect-layers.ts';

interface Inspected {
  readonly content: ImageContent;
  /** Layers that were read now; the others' facts were there. */
  readonly read: number;
}

/**
 * What a platform's layers hold, and what its configuration tells of secrets. `buildArgs` are those
 * that the provenance tells everybody; `secrets: false` leaves out the scan of the layers;
 * `elsewhere` are secrets found outside of the layers. Throws as `inspectLayers` does.
 */
export async function inspectPlatform(
  context: CacheHome & Pick<PipelineContext, 'signal'>,
  origin: LayerOrigin,
  platform: { readonly config: ImageConfig; readonly layers: readonly ImageLayer[] },
  buildArgs: Readonly<Record<string, string>>,
  options: { readonly secrets?: boolean; readonly elsewhere?: FoundSecrets } = {},
): Promise<Inspected> {
  const { layers, config } = platform;
  const { elsewhere, ...scan } = options;
  const inspect = { cache: context, signal: context.signal, ...scan };
  const { facts, read } = await inspectLayers(layers, origin, inspect);
  let placed = placedLayers(layers, facts);
  const otherSecrets = joined([
    configSecrets(config),
    buildArgumentSecrets(buildArgs),
    ...(elsewhere === undefined ? [] : [elsewhere]),
  ]);
  let tree = new FileTree(placed);
  const closer = closerLooks(tree);
  if (closer.size > 0) {
    const again = await inspectLayers(layers, origin, { ...inspect, closer });
    placed = placedLayers(layers, again.facts);
    tree = new FileTree(placed);
  }
  return { content: foldLayers(placed, otherSecrets, tree), read };
}

function placedLayers(layers: readonly ImageLayer[], facts: readonly LayerFacts[]): PlacedLayer[] {
  return facts.flatMap((layer, i) => {
    const digest = layers[i]?.blob.digest;
    return digest === undefined ? [] : [{ digest, facts: layer }];
  });
}
