import type { Digest } from '../model/digest.ts';
import { UserError } from '../model/errors.ts';
import type { LayerFile, PlacedLayer } from './layer-facts.ts';
import { type PathKind, readPathList } from './path-list.ts';

interface NodeContent {
  readonly kind: Exclude<PathKind, 'w' | 'o'>;
  readonly size: number;
  readonly layer: Digest;
  readonly file: LayerFile | undefined;
}

/** A place in the final filesystem. An image has 100,000 and more: each knows its folder and not its whole path. */
export class TreeNode {
  readonly kind: NodeContent['kind'];
  readonly size: number;
  readonly layer: Digest;
  readonly file: LayerFile | undefined;
  readonly children: Map<string, TreeNode>;
  /** What a hard link shares its content with. */
  readonly shared: TreeNode | undefined;
  private readonly folder: TreeNode | undefined;
  private readonly name: string;
  private knownPath: string | undefined;

  constructor(
    folder: TreeNode | undefined,
    name: string,
    { kind, size, layer, file }: NodeContent,
    children: Map<string, TreeNode>,
    shared?: TreeNode,
  ) {
    this.folder = folder;
    this.name = name;
    this.kind = kind;
    this.size = size;
    this.layer = layer;
    this.file = file;
    this.children = children;
    this.shared = shared;
  }

  /** From the root, '' for the root itself. */
  get path(): string {
    this.knownPath ??= joined(this.folder?.path ?? '', this.name);
    return this.knownPath;
  }

  /** The same place as another layer lists it: what it holds stays. */
  listedBy(layer: Digest): TreeNode {
    const { folder, name, kind, size, file, children, shared } = this;
    return new TreeNode(folder, name, { kind, size, layer, file }, children, shared);
  }
}

/** As Linux: a path that leads over more is taken for a loop. */
const MAX_LINKS = 40;

/** What the layers of one image may hold together. */
export interface TreeLimits {
  readonly files: number;
  /** Folders that no layer lists: long names alone can ask for many more of them than there are entries. */
  readonly unlistedFolders: number;
}

export const TREE_LIMITS: TreeLimits = { files: 8_000_000, unlistedFolders: 500_000 };

/** Of all that is no folder: nothing is ever put into it. A map for each of 100,000 files is most of a tree's memory. */
const NO_CHILDREN = new Map<string, TreeNode>();

/** What is left of a path, or of a link's target, to be walked. */
interface Rest {
  readonly path: string;
  next: number;
}

/** The next part of the innermost rest; those that are done are taken away, so that no rest tells the last part. */
function nextPart(rests: Rest[]): string | undefined {
  for (let rest = rests.at(-1); rest !== undefined; rest = rests.at(-1)) {
    const slash = rest.path.indexOf('/', rest.next);
    const end = slash < 0 ? rest.path.length : slash;
    const part = rest.path.slice(rest.next, end);
    rest.next = end + 1;
    while (rest.path.charAt(rest.next) === '/') rest.next += 1;
    if (rest.next >= rest.path.length) rests.pop();
    if (part !== '' && part !== '.') return part;
  }
  return undefined;
}

/** The final filesystem of layers put on each other, as a container engine would unpack them (OCI image-spec, layer.md). */
export class FileTree {
  readonly root: TreeNode;
  private readonly limits: TreeLimits;
  private files = 0;
  private unlistedFolders = 0;
  /** The folder that was last put into, by the path it was asked for: entries of one folder follow each other. */
  private lastFolder: { readonly path: string; readonly node: TreeNode } | undefined;

  /** Throws UserError where the layers hold more than `limits`. */
  constructor(layers: readonly PlacedLayer[], limits: TreeLimits = TREE_LIMITS) {
    this.limits = limits;
    const layer = layers[0]?.digest ?? ('' as Digest);
    this.root = newFolder(undefined, '', layer);
    for (const placed of layers) this.apply(placed);
  }

  /** The place a path leads to, links in its folders followed; its last part is followed where `follow` says so. */
  find(path: string, follow: boolean): TreeNode | undefined {
    return this.walk(path, follow);
  }

  /** Each place, folders before what they hold. */
  *[Symbol.iterator](): Generator<TreeNode> {
    const open: TreeNode[] = [...this.root.children.values()];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      yield node;
      for (const child of node.children.values()) open.push(child);
    }
  }

  /**
   * As a kernel walks: `..` leaves the folder that a link led into, and a link's own parts come before what is left. Nothing is
   * put together or split beforehand: links that lead to each other cost no more than their number.
   */
  private walk(path: string, follow: boolean): TreeNode | undefined {
    const folders: TreeNode[] = [this.root];
    const rests: Rest[] = [{ path, next: 0 }];
    let links = 0;
    for (let part = nextPart(rests); part !== undefined; part = nextPart(rests)) {
      const folder = folders.at(-1);
      if (part === '..') {
        if (folder?.kind !== 'd') return undefined;
        if (folders.length > 1) folders.pop();
        continue;
      }
      const node = folder?.children.get(part);
      if (node === undefined) return undefined;
      if (node.kind !== 'l' || (rests.length === 0 && !follow)) folders.push(node);
      else {
        const link = node.file?.link ?? '';
        if (++links > MAX_LINKS) return undefined;
        if (link.startsWith('/')) folders.length = 1;
        rests.push({ path: link, next: 0 });
      }
    }
    return folders.at(-1);
  }

  private apply(layer: PlacedLayer): void {
    const { paths, files } = layer.facts;
    // Whiteouts speak of the layers below, wherever they stand in their own.
    if (/^[wo]/m.test(paths))
      readPathList(paths, (kind, _, folder, name) => {
        if (kind === 'w') this.find(folder, true)?.children.delete(name);
        else if (kind === 'o') this.find(joined(folder, name), true)?.children.clear();
      });
    this.lastFolder = undefined;
    // Both lists have the layer's order: the next path that is also the next file's is that file.
    let next = 0;
    this.putAll(layer, (folder, name) =>
      isPath(files[next]?.path, folder, name) ? files[next++] : undefined,
    );
    if (next === files.length) return;
    const byPath = new Map(files.map((file) => [file.path, file]));
    this.putAll(layer, (folder, name) => byPath.get(joined(folder, name)));
  }

  private putAll(
    { digest, facts }: PlacedLayer,
    fileAt: (folder: string, name: string) => LayerFile | undefined,
  ): void {
    readPathList(facts.paths, (kind, size, folder, name) => {
      if (kind === 'w' || kind === 'o') return;
      const file = fileAt(folder, name);
      this.put(folder, name, { kind, size, layer: digest, file });
    });
  }

  private put(folder: string, name: string, content: NodeContent): void {
    const { kind, layer, file } = content;
    const parent = this.folderAt(folder, layer);
    const before = parent.children.get(name);
    // What replaces a folder or a link may change where a path leads.
    if (kind !== 'f' || (before !== undefined && before.kind !== 'f')) this.lastFolder = undefined;
    if (kind === 'd' && before?.kind === 'd') {
      parent.children.set(name, before.listedBy(layer));
      return;
    }
    const shared = kind === 'h' ? this.find(file?.link ?? '', false) : undefined;
    const children = kind === 'd' ? new Map<string, TreeNode>() : NO_CHILDREN;
    if (++this.files > this.limits.files) throw tooMuch(this.limits.files, 'files');
    parent.children.set(name, new TreeNode(parent, name, content, children, shared));
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
        if (++this.unlistedFolders > this.limits.unlistedFolders)
          throw tooMuch(this.limits.unlistedFolders, 'folders that no entry lists');
        next = newFolder(node, part, layer);
        node.children.set(part, next);
      }
      node = next;
    }
    return node;
  }
}

function tooMuch(limit: number, what: string): UserError {
  return new UserError(`the layers of the image hold more than ${limit} ${what}`);
}

function newFolder(parent: TreeNode | undefined, name: string, layer: Digest): TreeNode {
  return new TreeNode(parent, name, { kind: 'd', size: 0, layer, file: undefined }, new Map());
}

function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** `path === joined(folder, name)`, without making that. */
function isPath(path: string | undefined, folder: string, name: string): boolean {
  if (path === undefined) return false;
  if (folder === '') return path === name;
  return (
    path.length === folder.length + 1 + name.length &&
    path.charAt(folder.length) === '/' &&
    path.endsWith(name) &&
    path.startsWith(folder)
  );
}
