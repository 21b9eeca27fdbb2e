import type { OsRelease, Package } from '../model/packages.ts';
import type { FileTree } from './file-tree.ts';
import type { PlacedLayer } from './layer-facts.ts';
import { purlOf } from './purl.ts';

/**
 * Packages of the final filesystem: a record counts where the file it was read from is still the one that the topmost
 * layer gives. Ordered by purl and path, so that layers' order of entries makes no difference.
 */
export function packagesFact(
  tree: FileTree,
  layers: readonly PlacedLayer[],
  os: OsRelease | undefined,
): readonly Package[] {
  const found: Package[] = [];
  for (const { digest, facts } of layers) {
    for (const { path, packages } of facts.packages) {
      const node = tree.find(path, false);
      if (node?.kind !== 'f' || node.layer !== digest) continue;
      for (const item of packages)
        found.push({ ...item, purl: purlOf(item, os), location: { path, layer: digest } });
    }
  }
  return found.sort((a, b) => compare(a.purl, b.purl) || compare(a.location.path, b.location.path));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
