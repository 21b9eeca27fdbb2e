import type {
  FoundSecrets,
  SecretFinding,
  SecretsFact,
  SuppressedSecret,
} from '../../model/secret-facts.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import type { LayerSecret, PlacedLayer } from '../layer-facts.ts';

/** True where the place that a layer wrote is not what the final filesystem shows. */
function isDeleted(tree: FileTree, layer: PlacedLayer, path: string): boolean {
  return tree.find(path, false)?.layer !== layer.digest;
}

function placed<T extends LayerSecret>(
  tree: FileTree,
  layer: PlacedLayer,
  secret: T,
): T & SecretFinding {
  const found = { ...secret, where: 'layer' as const, layer: layer.digest };
  return secret.inName !== true && isDeleted(tree, layer, secret.path)
    ? { ...found, deleted: true }
    : found;
}

function together(
  counts: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const [kind, count] of counts.flatMap(Object.entries<number>))
    sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
}

/**
 * Secrets of all layers, those included whose file a later layer deletes or replaces, followed by
 * those that the configuration and provenance contain (`others`); what rules set aside comes apart,
 * with the reason.
 */
export function secretsFact(
  tree: FileTree,
  layers: readonly PlacedLayer[],
  others: FoundSecrets,
): SecretsFact {
  const sum = (count: (layer: PlacedLayer) => number): number =>
    layers.reduce((total, layer) => total + count(layer), 0);
  const unscanned = layers.filter(({ facts }) => !facts.secretsScanned).length;
  const suppressed = layers.flatMap((layer) =>
    layer.facts.suppressedSecrets.map((secret): SuppressedSecret => placed(tree, layer, secret)),
  );
  return {
    findings: [
      ...layers.flatMap((layer) =>
        layer.facts.secrets.map((secret): SecretFinding => placed(tree, layer, secret)),
      ),
      ...others.findings,
    ],
    scannedFiles: sum(({ facts }) => facts.scannedFiles),
    suppressed,
    gaps: [...layers.flatMap(({ facts }) => facts.secretGaps), ...others.gaps],
    moreGaps: sum(({ facts }) => facts.moreSecretGaps),
    unopened: together(layers.map(({ facts }) => facts.unopenedFiles)),
    ...(unscanned === 0 ? {} : { incomplete: 'the layers were not scanned for secrets' }),
  };
}
