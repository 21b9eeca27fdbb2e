import type { FileTree } from '../../../src/facts/filesystem/file-tree.ts';
import type { Place } from '../../../src/facts/filesystem/place.ts';

/** All that is in the tree, folders before what they hold. */
export function everyPlace(tree: FileTree): readonly Place[] {
  const places: Place[] = [];
  tree.forEach((place) => void places.push(place));
  return places;
}
