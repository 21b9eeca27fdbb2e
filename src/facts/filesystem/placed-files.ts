import type { FileFact, FileFacts } from '../../model/facts.ts';
import type { FileAttributes } from '../layer-facts.ts';
import type { FileTree } from './file-tree.ts';
import type { TreeNode } from './tree-node.ts';

/** Files of a list that are made once and kept. An object each for a million takes 300 MB; images have some thousand. */
const MOST_KEPT = 50_000;

interface Content {
  readonly node: TreeNode;
  readonly attributes: FileAttributes;
}

/** The regular file whose bytes a place gives, hard links followed to where the bytes are. */
export function contentOf(node: TreeNode | undefined): Content | undefined {
  let at = node;
  for (let hops = 0; at !== undefined && hops < 40; hops += 1) {
    if (at.kind === 'f') {
      const { attributes } = at;
      return attributes === undefined ? undefined : { node: at, attributes };
    }
    at = at.shared;
  }
  return undefined;
}

/** The places' files by path; those of a symbolic link lead to a regular file that more is known of. */
export function placedFiles(
  tree: FileTree,
  places: readonly number[],
  mostKept = MOST_KEPT,
): FileFacts {
  return places.length > mostKept
    ? new MadeFiles(tree, tree.inOrder(places))
    : places.map((place) => factAt(tree, place)).sort(byPath);
}

function byPath(a: FileFact, b: FileFact): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

class MadeFiles implements FileFacts {
  readonly #tree: FileTree;
  readonly #places: Int32Array;

  constructor(tree: FileTree, places: Int32Array) {
    this.#tree = tree;
    this.#places = places;
  }

  get length(): number {
    return this.#places.length;
  }

  *[Symbol.iterator](): Generator<FileFact> {
    for (const place of this.#places) yield factAt(this.#tree, place);
  }

  map<T>(make: (file: FileFact) => T): T[] {
    return Array.from(this, make);
  }

  flatMap<T>(make: (file: FileFact) => T | readonly T[]): T[] {
    const made: T[] = [];
    for (const file of this) {
      const one = make(file);
      if (isList(one)) for (const item of one) made.push(item);
      else made.push(one);
    }
    return made;
  }

  filter(isWanted: (file: FileFact) => boolean): FileFact[] {
    return this.flatMap((file) => (isWanted(file) ? [file] : []));
  }

  find(isWanted: (file: FileFact) => boolean): FileFact | undefined {
    for (const file of this) if (isWanted(file)) return file;
    return undefined;
  }
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function factAt(tree: FileTree, place: number): FileFact {
  const node = tree.at(place);
  const target = node.kind === 'l' ? tree.find(node.path, true) : node;
  const content = contentOf(target);
  if (content === undefined) throw new Error('a file of note has no content');
  return node.kind === 'l' ? linkFact(node, content) : fileFact(node, content);
}

function fileFact(node: TreeNode, content: Content): FileFact {
  // The inode is one: a hard link has the mode, owner and attributes of the file it shares.
  const { mode, uid, gid, capabilities } = content.attributes;
  return {
    path: node.path,
    type: node.kind === 'h' ? 'hardlink' : 'file',
    mode,
    uid,
    gid,
    size: content.node.size,
    layer: node.layer,
    ...ofContent(content),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
}

function linkFact(node: TreeNode, target: Content): FileFact {
  const { mode = 0o777, uid = 0, gid = 0 } = node.attributes ?? {};
  return {
    path: node.path,
    type: 'symlink',
    mode,
    uid,
    gid,
    size: 0,
    resolved: target.node.path,
    layer: node.layer,
    ...ofContent(target),
  };
}

/** Fields that describe the bytes, whatever name leads to them. */
function ofContent({ attributes }: Content): Partial<FileFact> {
  const { executable, multicall, interpreter } = attributes;
  return {
    ...(executable === undefined ? {} : { executable }),
    ...(multicall === undefined ? {} : { multicall }),
    ...(interpreter === undefined ? {} : { interpreter }),
  };
}
