import { FileTree, TREE_SCHEMA } from '../../facts/filesystem/file-tree.ts';
import { FACTS_SCHEMA, type PlacedLayer } from '../../facts/layer-facts.ts';
import { createBytesCache } from '../../oci/layout/json-cache.ts';

/** Characters of path lists below which putting layers on each other takes no longer than reading what they came to. */
const LEAST_KEPT = 128 * 1024;
/** Half a million places, about: what they come to, three times their lists, is in memory twice while it is written. */
const MOST_KEPT = 8 * 1024 * 1024;

/**
 * The filesystem of an image. Where layers have changed on others that were known before, what those came to is kept in `cache`, the
 * folder of the user's caches: the next change on them puts on the changed ones alone. `known`: layers from the lowest whose facts were
 * there. Throws UserError where the layers hold more than is put on each other.
 */
export async function imageTree(
  layers: readonly PlacedLayer[],
  known: number,
  cache: string | undefined,
): Promise<FileTree> {
  const tree = new FileTree(layers);
  const lowest = layers.slice(0, known);
  const length = lowest.reduce((sum, { facts }) => sum + facts.paths.length, 0);
  const isKept = known < layers.length && length >= LEAST_KEPT && length <= MOST_KEPT;
  if (cache === undefined || !isKept) return tree.apply();
  const trees = createBytesCache(`${cache}/trees`, `${FACTS_SCHEMA}.${TREE_SCHEMA}`);
  const key = lowest.map(({ digest }) => digest).join(' ');
  const kept = await trees.get(key);
  if (kept === undefined || !tree.restore(kept)) {
    tree.apply(known);
    // As with facts: what cannot be kept is there all the same.
    await trees.set(key, tree.keep()).catch(() => undefined);
  }
  return tree.apply();
}
