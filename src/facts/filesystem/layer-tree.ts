import { fileName, parentPath } from '../../model/path.ts';
import type { TarEntry } from '../../model/tar.ts';
import type { FileAttributes } from '../layer-facts.ts';
import { NONE, type PlaceContent, type PlaceKind } from './columns/places.ts';
import { LayerFolders, LISTED } from './layer-folders.ts';
import {
  checkAttributes,
  checkLink,
  checkName,
  hardLinkPath,
  isWhiteoutDevice,
  ownerId,
  refused,
} from './layer-rules.ts';
import { attributesKey, PathListWriter } from './path-list-writer.ts';

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

const KINDS: Readonly<Record<TarEntry['type'], PlaceKind>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  char: 'x',
  block: 'x',
  fifo: 'x',
  other: 'x',
};

/**
 * One layer by itself, as Docker unpacks it: into a folder of its own, whatever the layers below
 * hold, entry by entry, links of this very layer followed (containerd's `archive.Apply`, Docker's
 * `archive.Unpack`). Overlayfs then shows the folders of all layers as one. What Docker refuses
 * throws UserError, and so does what its stores unpack to different files.
 */
export class LayerTree {
  readonly #folders = new LayerFolders();
  readonly #attributes: FileAttributes[] = [];
  readonly #numbers = new Map<string, number>();
  #needsLower = false;
  /** The place that the last entry filled. */
  #filled = NONE;

  /**
   * True where the stores show the same only on other layers: in the lowest, containerd unpacks an
   * opaque mark by removing what no entry has named, and a whiteout to nothing.
   */
  get needsLower(): boolean {
    return this.#needsLower;
  }

  /** Unpacks the entry. Gives the path it fills, links followed; undefined for what fills none. */
  add(path: string, entry: TarEntry): string | undefined {
    this.#filled = NONE;
    const name = fileName(path);
    const parent = parentPath(path);
    if (entry.typeflag === 'g') this.#checkGlobal(path, parent, name);
    else if (name === OPAQUE) this.#makeOpaque(this.#folders.make(parent));
    else if (name.startsWith(WHITEOUT)) this.#whiteOut(path, this.#folders.make(parent), name);
    else {
      checkName(path, name);
      checkAttributes(path, entry);
      const folder = this.#folders.make(parent);
      const own = this.#folders.ownPath(path, parent, name);
      this.#filled = this.#put(path, folder, name, entry);
      this.#folders.name(path, own, this.#filled);
      return own;
    }
    return undefined;
  }

  /** Sets what is known of the place last filled or linked, given what was known of it before. */
  describe(
    known: (before: FileAttributes | undefined, kind: PlaceKind) => FileAttributes | undefined,
  ): void {
    const { places } = this.#folders;
    const place = this.#folders.inode(this.#filled);
    if (place === NONE) return;
    const kind = places.kindOf(place);
    if (kind === 'x' || kind === 'w') return;
    const attributes = known(this.#attributes[places.attributesAt(place)], kind);
    places.describe(place, attributes === undefined ? NONE : this.#numberOf(attributes));
  }

  /**
   * The layer's places as a path list, folders before their contents. Throws UserError where a
   * folder's path leads nowhere at the end.
   */
  finish(): string {
    if (this.#folders.checkListed()) this.#needsLower = true;
    const { places, root, links } = this.#folders;
    const writer = new PathListWriter();
    const there = places.areThere();
    /** Of files whose first name is gone, the one that stands for them. */
    const first = new Map<number, number>();
    for (let place = 0; place < there.length; place += 1) {
      if (there[place] !== 1 || place === root) continue;
      const inode = this.#folders.inode(place);
      const stands = there[inode] === 1 ? inode : (first.get(inode) ?? place);
      if (stands === place && inode !== place) first.set(inode, place);
      const kind = places.kindOf(inode);
      const path = places.pathOf(place);
      if (kind === 'f' && stands !== place) {
        writer.add({ kind: 'h', size: 0, path }, { link: places.pathOf(stands) });
        continue;
      }
      const attributes = this.#attributes[places.attributesAt(inode)];
      const link = kind === 'l' ? links.at(places.targetOf(inode)) : undefined;
      writer.add({ kind, size: places.sizeOf(inode), path }, { attributes, link });
    }
    return writer.finish();
  }

  #put(path: string, folder: number, name: string, entry: TarEntry): number {
    const { places } = this.#folders;
    const before = places.find(folder, name);
    const { type, typeflag } = entry;
    if (type === 'other' || typeflag === '7' || typeflag === 'S')
      throw refused(path, `it has the type ${JSON.stringify(typeflag)}`);
    if (type === 'directory' && this.#folders.isFolder(before)) {
      places.putBy(before, LISTED);
      return before;
    }
    if (before !== NONE) this.#folders.remove(before);
    return places.put(folder, name, NONE, this.#contentOf(path, entry));
  }

  #contentOf(path: string, entry: TarEntry): PlaceContent {
    const { type, size, linkname } = entry;
    const kind = KINDS[type];
    if (type === 'file') return { kind, size, by: LISTED, attributes: NONE, target: NONE };
    const content = { kind, size: 0, by: LISTED, attributes: NONE, target: NONE };
    if (type === 'symlink') {
      checkLink(path, linkname);
      return { ...content, target: this.#folders.links.add(linkname) };
    }
    if (type === 'hardlink') {
      // What a file of no note had is not kept.
      if (ownerId(entry.uid) === undefined || ownerId(entry.gid) === undefined)
        throw refused(
          path,
          'its hard link has the owner -1, by which engines leave the owner as it is',
        );
      return { ...content, target: this.#shared(path, linkname) };
    }
    return isWhiteoutDevice(entry) ? { ...content, kind: 'w' } : content;
  }

  /** What a hard link gives another name. */
  #shared(path: string, link: string): number {
    const target = hardLinkPath(path, link);
    const folder = this.#folders.folderAt(parentPath(target));
    const found = folder === NONE ? NONE : this.#folders.places.find(folder, fileName(target));
    const shown = JSON.stringify(link);
    if (found === NONE)
      throw refused(path, `the layer does not have the target of its hard link, ${shown}`);
    if (this.#folders.isFolder(found))
      throw refused(path, `it is a hard link to a folder, ${shown}`);
    const inode = this.#folders.inode(found);
    // In the lowest layer, a whiteout leaves nothing to link to.
    if (this.#folders.places.kindOf(inode) === 'w') this.#needsLower = true;
    return inode;
  }

  #whiteOut(path: string, folder: number, name: string): void {
    const { places } = this.#folders;
    const removed = name.slice(WHITEOUT.length);
    if (removed === '' || removed === '.' || removed === '..')
      throw refused(path, 'the whiteout does not name a file');
    checkName(path, removed);
    if (places.find(folder, removed) !== NONE || places.find(folder, name) !== NONE)
      throw refused(path, 'the same layer has what this whiteout removes');
    places.put(folder, removed, NONE, {
      kind: 'w',
      size: 0,
      by: 0,
      attributes: NONE,
      target: NONE,
    });
  }

  #makeOpaque(folder: number): void {
    this.#needsLower ||= this.#folders.hasImplied(folder);
    // Overlayfs does not ask the root for the mark.
    if (folder !== this.#folders.root) this.#folders.places.makeOpaque(folder);
  }

  /** A global header is not a file, but containerd removes what has its name. */
  #checkGlobal(path: string, parent: string, name: string): void {
    const folder = this.#folders.folderAt(parent);
    const isFree = folder !== NONE && this.#folders.places.find(folder, name) === NONE;
    if (!isFree || name.startsWith(WHITEOUT))
      throw refused(path, 'engines differ in what a global header of this name removes');
  }

  #numberOf(attributes: FileAttributes): number {
    const key = attributesKey(attributes);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#attributes.length);
    return this.#attributes.push(attributes) - 1;
  }
}
