import type { SecretFinding, SecretsFact } from '../model/facts.ts';
import type { FileTree } from './file-tree.ts';
import type { PlacedLayer } from './layer-facts.ts';

/** True where the place that a layer wrote is not what the final filesystem shows. */
function isDeleted(tree: FileTree, layer: PlacedLayer, path: string): boolean {
  return tree.find(path, false)?.layer !== layer.digest;
}

/**
 * Secrets of all layers, those included whose file a later layer deletes or replaces, followed by those that the
 * configuration and provenance hold (`others`).
 */
export function secretsFact(
  tree: FileTree,
  layers: readonly PlacedLayer[],
  others: readonly SecretFinding[],
): SecretsFact {
  const findings = layers.flatMap((layer) =>
    layer.facts.secrets.map((secret): SecretFinding => {
      const found = { ...secret, where: 'layer' as const, layer: layer.digest };
      return isDeleted(tree, layer, secret.path) ? { ...found, deleted: true } : found;
    }),
  );
  const scannedFiles = layers.reduce((sum, layer) => sum + layer.facts.scannedFiles, 0);
  return { findings: [...findings, ...others], scannedFiles };
}
