import type { FileTree } from '../../../src/facts/filesystem/file-tree.ts';
import { TreeNode } from '../../../src/facts/filesystem/tree-node.ts';

/** All that is in the tree, folders before what they hold. */
export function everyPlace(tree: FileTree): readonly TreeNode[] {
  const nodes: TreeNode[] = [];
  tree.forEach((place) => void nodes.push(new TreeNode(tree.places, place)));
  return nodes;
}
