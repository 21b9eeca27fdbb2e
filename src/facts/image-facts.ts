import type { FilesystemFact, SecretFinding, SecretsFact } from '../model/facts.ts';
import type { Package } from '../model/packages.ts';
import { FileTree } from './file-tree.ts';
import { filesystemFact } from './filesystem.ts';
import type { PlacedLayer } from './layer-facts.ts';
import { packagesFact } from './packages.ts';
import { secretsFact } from './secrets.ts';

/** What the layers of an image say together. */
export interface ImageContent {
  readonly filesystem: FilesystemFact;
  readonly packages: readonly Package[];
  readonly secrets: SecretsFact;
}

/** Folds the facts of an image's layers, lowest first; `otherSecrets` are those found outside the layers. */
export function foldLayers(
  layers: readonly PlacedLayer[],
  otherSecrets: readonly SecretFinding[],
): ImageContent {
  const tree = new FileTree(layers);
  const filesystem = filesystemFact(tree, layers);
  return {
    filesystem,
    packages: packagesFact(tree, layers, filesystem.osRelease),
    secrets: secretsFact(tree, layers, otherSecrets),
  };
}
