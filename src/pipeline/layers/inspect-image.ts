import { closerLooks } from '../../facts/closer-looks.ts';
import { FileTree, TREE_SCHEMA } from '../../facts/filesystem/file-tree.ts';
import { foldLayers, type ImageContent } from '../../facts/image-facts.ts';
import { type LayerFacts, type PlacedLayer, FACTS_SCHEMA } from '../../facts/layer-facts.ts';
import {
  buildArgumentSecrets,
  configSecrets,
  joined,
} from '../../facts/secrets/document-secrets.ts';
import type { ImageConfig } from '../../model/oci.ts';
import type { FoundSecrets } from '../../model/secret-facts.ts';
import { type CacheHome, openBytesCache } from '../../oci/layout/caches.ts';
import type { PipelineContext } from '../context.ts';
import { type ImageLayer, inspectLayers } from './inspect-layers.ts';
import type { LayerOrigin } from './layer-threads.ts';

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
  const { facts, read, known } = await inspectLayers(layers, origin, inspect);
  let placed = placedLayers(layers, facts);
  const otherSecrets = joined([
    configSecrets(config),
    buildArgumentSecrets(buildArgs),
    ...(elsewhere === undefined ? [] : [elsewhere]),
  ]);
  let tree = await imageTree(placed, known, context);
  const closer = closerLooks(tree);
  if (closer.size > 0) {
    const again = await inspectLayers(layers, origin, { ...inspect, closer });
    placed = placedLayers(layers, again.facts);
    tree = await imageTree(placed, placed.length, context);
  }
  return { content: foldLayers(placed, otherSecrets, tree), read };
}

function placedLayers(layers: readonly ImageLayer[], facts: readonly LayerFacts[]): PlacedLayer[] {
  return facts.flatMap((layer, i) => {
    const digest = layers[i]?.blob.digest;
    return digest === undefined ? [] : [{ digest, facts: layer }];
  });
}

/** In characters of path lists. Below it, stacking layers is as fast as reading the kept result. */
const LEAST_KEPT = 128 * 1024;
/** About half a million paths: their tree, three times the lists, is in memory twice on writing. */
const MOST_KEPT = 8 * 1024 * 1024;

/**
 * The filesystem of an image. Where layers have changed on others that were known before, what
 * those came to is kept in `cache`: the next change on them puts
 * on the changed ones alone. `known`: layers from the lowest whose facts were there. Throws
 * UserError where the layers hold more than is put on each other.
 */
export async function imageTree(
  layers: readonly PlacedLayer[],
  known: number,
  cache: CacheHome | undefined,
): Promise<FileTree> {
  const tree = new FileTree(layers);
  const lowest = layers.slice(0, known);
  const length = lowest.reduce((sum, { facts }) => sum + facts.paths.length, 0);
  const isKept = known < layers.length && length >= LEAST_KEPT && length <= MOST_KEPT;
  if (cache === undefined || !isKept) return tree.apply();
  const trees = openBytesCache(cache, 'trees', `${FACTS_SCHEMA}.${TREE_SCHEMA}`);
  const key = lowest.map(({ digest }) => digest).join(' ');
  const kept = await trees.get(key);
  if (kept === undefined || !tree.restore(kept)) {
    tree.apply(known);
    await trees.set(key, tree.keep());
  }
  return tree.apply();
}
