import type { Digest } from '../model/digest.ts';
import type { LayerFile, PlacedLayer } from './layer-facts.ts';
import { type ListedPath, type PathKind, readPathList } from './path-list.ts';
import { parentPath, rootPath } from './root-path.ts';

/** A place in the final filesystem. */
export interface TreeNode {
  readonly path: string;
  readonly kind: Exclude<PathKind, 'w' | 'o'>;
  readonly size: number;
  readonly layer: Digest;
  readonly file: LayerFile | undefined;
  /** What a hard link shares its content with. */
  readonly shared?: TreeNode;
  readonly children: Map<string, TreeNode>;
}

const MAX_LINKS = 40;
/** Of all that is no folder: nothing is ever put into it. A map for each of 100,000 files is most of a tree's memory. */
const NO_CHILDREN = new Map<string, TreeNode>();

/** The final filesystem of layers put on each other, as a container engine would unpack them (OCI image-spec, layer.md). */
export class FileTree {
  readonly root: TreeNode;
  /** The folder that was last put into, by the path it was asked for: entries of one folder follow each other. */
  private lastFolder: { readonly path: string; readonly node: TreeNode } | undefined;

  constructor(layers: readonly PlacedLayer[]) {
    const layer = layers[0]?.digest ?? ('' as Digest);
    this.root = folder('', layer);
    for (const placed of layers) this.apply(placed);
  }

  /** The place a path leads to, links in its folders followed; its last part is followed where `follow` says so. */
  find(path: string, follow: boolean): TreeNode | undefined {
    return this.walk(rootPath(path), follow, 0);
  }

  /** Each place, folders before what they hold. */
  *[Symbol.iterator](): Generator<TreeNode> {
    const open: TreeNode[] = [...this.root.children.values()];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      yield node;
      for (const child of node.children.values()) open.push(child);
    }
  }

  private walk(path: string, follow: boolean, links: number): TreeNode | undefined {
    let node: TreeNode | undefined = this.root;
    const parts = path === '' ? [] : path.split('/');
    for (let index = 0; index < parts.length && node !== undefined; index += 1) {
      node = node.children.get(parts[index] ?? '');
      const last = index === parts.length - 1;
      if (node?.kind !== 'l' || (last && !follow)) continue;
      if (links >= MAX_LINKS) return undefined;
      const link = node.file?.link ?? '';
      const from = link.startsWith('/') ? '' : `${parentPath(node.path)}/`;
      const rest = parts.slice(index + 1).join('/');
      return this.walk(rootPath(`${from}${link}/${rest}`), follow, links + 1);
    }
    return node;
  }

  private apply(layer: PlacedLayer): void {
    const { paths, files } = layer.facts;
    // Whiteouts speak of the layers below, wherever they stand in their own.
    if (/^[wo]/m.test(paths))
      for (const listed of readPathList(paths)) {
        if (listed.kind === 'w') this.remove(listed.path);
        else if (listed.kind === 'o') this.find(listed.path, true)?.children.clear();
      }
    this.lastFolder = undefined;
    // Both lists have the layer's order: the next path that is also the next file's is that file.
    let next = 0;
    this.putAll(layer, (path) => (files[next]?.path === path ? files[next++] : undefined));
    if (next === files.length) return;
    const byPath = new Map(files.map((file) => [file.path, file]));
    this.putAll(layer, (path) => byPath.get(path));
  }

  private putAll(
    { digest, facts }: PlacedLayer,
    fileAt: (path: string) => LayerFile | undefined,
  ): void {
    for (const listed of readPathList(facts.paths))
      if (listed.kind !== 'w' && listed.kind !== 'o')
        this.put(listed, listed.kind, digest, fileAt(listed.path));
  }

  private remove(path: string): void {
    const parent = this.find(parentPath(path), true);
    parent?.children.delete(path.slice(path.lastIndexOf('/') + 1));
  }

  private put(
    listed: ListedPath,
    kind: TreeNode['kind'],
    layer: Digest,
    file: LayerFile | undefined,
  ): void {
    const name = listed.path.slice(listed.path.lastIndexOf('/') + 1);
    const parent = this.folderAt(parentPath(listed.path), layer);
    const before = parent.children.get(name);
    // What replaces a folder or a link may change where a path leads.
    if (kind !== 'f' || (before !== undefined && before.kind !== 'f')) this.lastFolder = undefined;
    if (kind === 'd' && before?.kind === 'd') {
      parent.children.set(name, { ...before, layer });
      return;
    }
    const path = parent.path === '' ? name : `${parent.path}/${name}`;
    const shared = kind === 'h' ? this.find(file?.link ?? '', false) : undefined;
    const children = kind === 'd' ? new Map<string, TreeNode>() : NO_CHILDREN;
    const common = { path, kind, size: listed.size, layer, file, children };
    parent.children.set(name, shared === undefined ? common : { ...common, shared });
  }

  /** The folder at a path, made where it is missing or something else stands there. */
  private folderAt(path: string, layer: Digest): TreeNode {
    if (this.lastFolder?.path === path) return this.lastFolder.node;
    const node = this.findOrMakeFolder(path, layer);
    this.lastFolder = { path, node };
    return node;
  }

  private findOrMakeFolder(path: string, layer: Digest): TreeNode {
    const found = this.find(path, true);
    if (found?.kind === 'd') return found;
    let node = this.root;
    for (const part of path.split('/')) {
      let next = node.children.get(part);
      if (next?.kind === 'l') next = this.find(next.path, true);
      if (next?.kind !== 'd') {
        next = folder(node.path === '' ? part : `${node.path}/${part}`, layer);
        node.children.set(part, next);
      }
      node = next;
    }
    return node;
  }
}

function folder(path: string, layer: Digest): TreeNode {
  return { path, kind: 'd', size: 0, layer, file: undefined, children: new Map() };
}
