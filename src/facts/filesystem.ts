import type { FileFact, FilesystemFact } from '../model/facts.ts';
import type { FileTree, TreeNode } from './file-tree.ts';
import { isDevelopmentFile, isManagerFile } from './known-files.ts';
import type { LayerFile, PlacedLayer } from './layer-facts.ts';
import { parseOsRelease } from './os-release.ts';
import { parsePasswd } from './passwd.ts';

const SAMPLE = 50;
const EXECUTE = 0o111;
const ELEVATED = 0o6000;

interface Content {
  readonly node: TreeNode;
  readonly file: LayerFile;
}

/** The regular file whose bytes a place gives, hard links followed to where the bytes are. */
function contentOf(node: TreeNode | undefined): Content | undefined {
  let at = node;
  for (let hops = 0; at !== undefined && hops < 40; hops += 1) {
    if (at.kind === 'f') return at.file === undefined ? undefined : { node: at, file: at.file };
    at = at.kind === 'h' ? at.shared : undefined;
  }
  return undefined;
}

/** Fields that describe the bytes, whatever name leads to them. */
function ofContent(file: LayerFile): Partial<FileFact> {
  return {
    ...(file.executable === undefined ? {} : { executable: file.executable }),
    ...(file.multicall === undefined ? {} : { multicall: file.multicall }),
    ...(file.interpreter === undefined ? {} : { interpreter: file.interpreter }),
  };
}

function factOf(node: TreeNode, type: FileFact['type'], file: LayerFile): FileFact {
  // The inode is one: a hard link has the mode, owner and attributes of the file it shares.
  const { mode, uid, gid, size, capabilities } = file;
  return {
    path: node.path,
    type,
    mode,
    uid,
    gid,
    size,
    layer: node.layer,
    ...ofContent(file),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
}

function isExecutable({ file }: Content): boolean {
  return (file.mode & EXECUTE) !== 0 && file.executable !== undefined;
}

function linkFact(node: TreeNode, target: Content): FileFact {
  const { mode = 0o777, uid = 0, gid = 0 } = node.file ?? {};
  return {
    path: node.path,
    type: 'symlink',
    mode,
    uid,
    gid,
    size: 0,
    resolved: target.node.path,
    layer: node.layer,
    ...ofContent(target.file),
  };
}

class Gathered {
  readonly executables: FileFact[] = [];
  readonly elevated: FileFact[] = [];
  readonly managerFiles: FileFact[] = [];
  readonly developmentFiles: FileFact[] = [];
  fileCount = 0;
  totalSize = 0;

  add(node: TreeNode, tree: FileTree): void {
    if (node.kind === 'd') return;
    this.fileCount += 1;
    this.totalSize += node.size;
    if (node.kind === 'l') {
      const target = contentOf(tree.find(node.path, true));
      if (target !== undefined && isExecutable(target))
        this.executables.push(linkFact(node, target));
      return;
    }
    const content = contentOf(node);
    if (content === undefined) return;
    const fact = factOf(node, node.kind === 'h' ? 'hardlink' : 'file', content.file);
    if (isExecutable(content)) this.executables.push(fact);
    if ((fact.mode & ELEVATED) !== 0 || fact.capabilities !== undefined) this.elevated.push(fact);
    if (isManagerFile(node.path)) this.managerFiles.push(fact);
    if (isDevelopmentFile(node.path) && this.developmentFiles.length < SAMPLE)
      this.developmentFiles.push(fact);
  }
}

/** The text of a small file as the final filesystem has it, links followed. */
function textOf(tree: FileTree, layers: readonly PlacedLayer[], path: string): string | undefined {
  const node = contentNode(tree.find(path, true));
  if (node === undefined) return undefined;
  const layer = layers.findLast((placed) => placed.digest === node.layer);
  const texts = layer?.facts.texts ?? {};
  return Object.hasOwn(texts, node.path) ? texts[node.path] : undefined;
}

function contentNode(node: TreeNode | undefined): TreeNode | undefined {
  return node?.kind === 'h' ? node.shared : node?.kind === 'f' ? node : undefined;
}

function byPath(a: FileFact, b: FileFact): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** The final filesystem as criteria see it; lists are ordered by path, whatever the order of the layers' entries. */
export function filesystemFact(tree: FileTree, layers: readonly PlacedLayer[]): FilesystemFact {
  const gathered = new Gathered();
  for (const node of tree) gathered.add(node, tree);
  const passwd = textOf(tree, layers, 'etc/passwd');
  const osRelease =
    textOf(tree, layers, 'etc/os-release') ?? textOf(tree, layers, 'usr/lib/os-release');
  return {
    executables: gathered.executables.sort(byPath),
    elevated: gathered.elevated.sort(byPath),
    managerFiles: gathered.managerFiles.sort(byPath),
    developmentFiles: gathered.developmentFiles.sort(byPath),
    fileCount: gathered.fileCount,
    totalSize: gathered.totalSize,
    has: (path) => tree.find(path, false) !== undefined,
    passwd: passwd === undefined ? undefined : parsePasswd(passwd),
    osRelease: osRelease === undefined ? undefined : parseOsRelease(osRelease),
  };
}
