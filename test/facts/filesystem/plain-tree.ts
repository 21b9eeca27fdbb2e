import { nextPart, type Rest } from '../../../src/facts/filesystem/link-walk.ts';
import type { Known } from '../../../src/facts/filesystem/path-list-writer.ts';
import type { ListedPath } from '../../../src/facts/filesystem/path-list.ts';
import type { FileAttributes } from '../../../src/facts/layer-facts.ts';
import type { Digest } from '../../../src/model/digest.ts';

export interface PlainEntry {
  readonly listed: ListedPath;
  readonly known: Known | undefined;
}

export interface PlainLayer {
  readonly digest: Digest;
  readonly entries: readonly PlainEntry[];
}

export interface PlainNode {
  readonly folder: PlainNode | undefined;
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  layer: Digest;
  readonly attributes: FileAttributes | undefined;
  readonly link: string;
  readonly shared: PlainNode | undefined;
  readonly children: Map<string, PlainNode>;
}

export function pathOf({ folder, name }: PlainNode): string {
  return folder === undefined ? '' : joined(pathOf(folder), name);
}

function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** The final filesystem with an object and a map for each place, as FileTree had it once: what that answers is held against this. */
export class PlainTree {
  readonly root: PlainNode;

  constructor(layers: readonly PlainLayer[]) {
    this.root = folderIn(undefined, '', layers[0]?.digest ?? ('' as Digest));
    for (const { digest, entries } of layers) {
      for (const { listed } of entries) {
        const [folder, name] = parts(listed.path);
        if (listed.kind === 'w') this.find(folder, true)?.children.delete(name);
        else if (listed.kind === 'o') this.find(listed.path, true)?.children.clear();
      }
      for (const entry of entries)
        if (entry.listed.kind !== 'w' && entry.listed.kind !== 'o') this.#put(digest, entry);
    }
  }

  all(from: PlainNode = this.root): PlainNode[] {
    return [...from.children.values()].flatMap((node) => [node, ...this.all(node)]);
  }

  find(path: string, follow: boolean): PlainNode | undefined {
    const folders: PlainNode[] = [this.root];
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
        if (++links > 40) return undefined;
        if (node.link.startsWith('/')) folders.length = 1;
        rests.push({ path: node.link, next: 0 });
      }
    }
    return folders.at(-1);
  }

  #put(layer: Digest, { listed: { kind, size, path }, known }: PlainEntry): void {
    const [folder, name] = parts(path);
    const parent = this.#folderAt(folder, layer);
    const before = parent.children.get(name);
    if (kind === 'd' && before?.kind === 'd') {
      before.layer = layer;
      return;
    }
    const link = known?.link ?? '';
    const shared = kind === 'h' ? this.find(link, false) : undefined;
    const attributes = known?.attributes;
    const rest = { kind, size, layer, attributes, link, shared };
    parent.children.set(name, { folder: parent, name, ...rest, children: new Map() });
  }

  #folderAt(path: string, layer: Digest): PlainNode {
    const found = this.find(path, true);
    if (found?.kind === 'd') return found;
    let node = this.root;
    for (const part of path.split('/')) {
      let next = node.children.get(part);
      if (next?.kind === 'l') next = this.find(pathOf(next), true);
      if (next?.kind !== 'd') {
        next = folderIn(node, part, layer);
        node.children.set(part, next);
      }
      node = next;
    }
    return node;
  }
}

function folderIn(folder: PlainNode | undefined, name: string, layer: Digest): PlainNode {
  const nothing = { attributes: undefined, link: '', shared: undefined };
  return { folder, name, kind: 'd', size: 0, layer, ...nothing, children: new Map() };
}

function parts(path: string): [string, string] {
  const slash = path.lastIndexOf('/');
  return [path.slice(0, Math.max(0, slash)), path.slice(slash + 1)];
}
