import type { FilesystemFact } from '../model/facts.ts';
import type { Package, UnreadablePackages } from '../model/packages.ts';
import type { FoundSecrets, SecretsFact } from '../model/secret-facts.ts';
import { FileTree } from './filesystem/file-tree.ts';
import { filesystemFact } from './filesystem/filesystem.ts';
import type { PlacedLayer } from './layer-facts.ts';
import { catalogue } from './packages/catalogue.ts';
import { secretsFact } from './secrets/secrets.ts';

/** What the layers of an image say together. */
export interface ImageContent {
  readonly filesystem: FilesystemFact;
  readonly packages: readonly Package[];
  /** Records of packages that could not be read: with any, `packages` may lack some. */
  readonly unreadablePackages: readonly UnreadablePackages[];
  readonly secrets: SecretsFact;
}

/** Folds facts of layers, lowest first, with `otherSecrets` from outside. `tree` has all layers. */
export function foldLayers(
  layers: readonly PlacedLayer[],
  otherSecrets: FoundSecrets = { findings: [], gaps: [] },
  tree: FileTree = new FileTree(layers),
): ImageContent {
  const filesystem = filesystemFact(tree);
  const { packages, unreadable } = catalogue(tree, layers, filesystem.osRelease);
  return {
    filesystem,
    packages,
    unreadablePackages: unreadable,
    secrets: secretsFact(tree, layers, otherSecrets),
  };
}
