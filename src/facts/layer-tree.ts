import { UserError } from '../lib/errors.ts';
import { fileName, joined, parentPath } from '../lib/text.ts';
import type { TarEntry } from '../model/image.ts';
import {
  MAX_LINKS,
  MOST_PLACES,
  type PathKind,
  Place,
  tooMuch,
  walkPath,
  writePathList,
} from './filesystem.ts';
import type { PlaceAttributes, LayerFacts } from './layer-facts.ts';

/** Bytes that Linux takes for a name, and for the text of a link. */
const MOST_NAME = 255;
const MOST_LINK = 4095;
const XATTR = 'SCHILY.xattr.';
export const CAPABILITY = `${XATTR}security.capability`;
/** overlayfs's own marks. Docker's older store takes them from layers and shows other files. */
const OVERLAY_MARKS = /^SCHILY\.xattr\.(?:trusted|user)\.overlay\./;
/** A kernel answers EINVAL where nothing follows the namespace. */
const NAMELESS = /^SCHILY\.xattr\.(?:(?:user|trusted|security)\.)?$/;
const ACCESS_LIST = /^SCHILY\.xattr\.system\.posix_acl_(access|default)$/;
/** Sizes of `security.capability` by revision; a kernel refuses any other. */
const CAPABILITY_SIZES = new Map([
  [2, 20],
  [3, 24],
]);

/** A layer that Docker refuses to unpack, or that its two stores unpack to different files. */
function refused(path: string, why: string): UserError {
  const shown = JSON.stringify(path.slice(0, 200));
  return new UserError(`a layer cannot be unpacked at ${shown}: ${why}`);
}

function checkName(path: string, name: string): void {
  // Three bytes for a character are the most that a name is written with.
  if (name.length * 3 > MOST_NAME && Buffer.byteLength(name) > MOST_NAME)
    throw refused(path, 'a name has more than 255 bytes');
}

function checkLink(path: string, link: string): void {
  if (link === '') throw refused(path, 'a symbolic link is empty');
  if (link.length * 3 > MOST_LINK && Buffer.byteLength(link) > MOST_LINK)
    throw refused(path, 'a symbolic link has more than 4095 bytes');
}

/** The parts of what a hard link names. The stores read trailing slashes and `..` differently. */
function hardLinkPath(path: string, link: string): string {
  if (/(?:^|\/)\.{0,2}$/.test(link) || hasInnerDots(link))
    throw refused(path, `engines differ in where the hard link to ${JSON.stringify(link)} leads`);
  return link;
}

/** True where `..` follows a name: engines differ in whether links before it count. */
function hasInnerDots(path: string): boolean {
  return /^(?:\.{0,2}\/)*(?!\.{0,2}(?:\/|$))[^/]+\/(?:.*\/)?\.\.(?:\/|$)/s.test(path);
}

/** chown(2) keeps a number's lower 32 bits; undefined if all are set, which keeps the owner. */
export function ownerId(id: number): number | undefined {
  const kept = ((id % 2 ** 32) + 2 ** 32) % 2 ** 32;
  return kept === 2 ** 32 - 1 ? undefined : kept;
}

/** Throws where the entry's extended attributes are refused, or change what overlayfs shows. */
function checkAttributes(path: string, { pax, type }: TarEntry): void {
  for (const key in pax) {
    if (!key.startsWith(XATTR)) continue;
    if (OVERLAY_MARKS.test(key))
      throw refused(
        path,
        `it has the attribute ${key.slice(XATTR.length)}, which is for overlayfs`,
      );
    if (NAMELESS.test(key) || key.length > XATTR.length + MOST_NAME)
      throw refused(path, 'the name of an attribute is empty or too long');
    const list = ACCESS_LIST.exec(key);
    if (list !== null && !isAccessList(pax[key] ?? '', list[1] === 'default', type))
      throw refused(path, 'its access list is malformed, or for a folder');
    if (key === CAPABILITY && !isCapability(pax[key] ?? ''))
      throw refused(path, 'its capabilities are malformed');
  }
}

/**
 * Version 2 and entries of eight bytes (linux/posix_acl_xattr.h), in the order that a kernel asks
 * for (posix_acl_valid); an empty one takes the list away. A link has none, and a list that could
 * be one is ignored; only a folder has one for its later contents.
 */
function isAccessList(value: string, isDefault: boolean, type: TarEntry['type']): boolean {
  if (value === '') return true;
  if (!value.startsWith('\x02\0\0\0') || value.length % 8 !== 4) return false;
  if (type === 'symlink' || value.length === 4) return true;
  return (!isDefault || type === 'directory') && hasOrder(Buffer.from(value, 'latin1'));
}

/** Owner, users, group, groups, mask, others: by the numbers of linux/posix_acl.h. */
function hasOrder(list: Buffer): boolean {
  let tags = '';
  for (let at = 4; at < list.length; at += 8) {
    const tag = list.readUInt16LE(at);
    const isNamed = tag === 2 || tag === 8;
    if (list.readUInt16LE(at + 2) > 7 || (isNamed && list.readUInt32LE(at + 4) === 2 ** 32 - 1))
      return false;
    tags += `${tag},`;
  }
  return /^1,(?:4,(?:16,)?|(?:2,)+4,(?:8,)*16,|4,(?:8,)+16,)32,$/.test(tags);
}

function isCapability(value: string): boolean {
  return CAPABILITY_SIZES.get(value.charCodeAt(3)) === value.length;
}

/** True for the device that overlayfs takes for a whiteout, by the bits that a kernel keeps. */
function isWhiteoutDevice({ type, devmajor, devminor }: TarEntry): boolean {
  return type === 'char' && (devmajor & 0xfff) === 0 && (devminor & 0xfffff) === 0;
}

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';
/** Characters of links that all entries of a layer may lead over. */
const MOST_FOLLOWED = 2 ** 28;
/** Places that all opaque marks of a layer may make us check. */
const MOST_SEARCHED = 2 ** 23;

const KINDS: Readonly<Record<TarEntry['type'], PathKind>> = {
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
 * One layer alone, as Docker unpacks it (containerd's `archive.Apply`, Docker's `archive.Unpack`):
 * into a folder of its own, whatever the layers below contain, entry by entry. Links of this very
 * layer are followed. Overlayfs then shows the folders of all layers as one. Throws UserError if
 * Docker refuses the layer, or if its stores unpack it to different files.
 */
export class LayerTree {
  readonly #root = new Place('', undefined, 'd');
  /** Folders that are part of a path and had no entry so far. */
  readonly #implied = new Set<Place>();
  /** Folders that were removed or replaced, with what they contained. */
  readonly #removed: Place[] = [];
  readonly #named: string[] = [];
  /** True once a folder or a link was removed: paths may point elsewhere. */
  #isLost = false;
  #needsLower = false;
  #filled: Place | undefined;
  /** The folder last put into, and the paths that named it and that it has. */
  #last = this.#root;
  #lastPath = '';
  #lastOwn = '';
  #places = 0;
  #searched = 0;
  #followed = 0;

  /** Unpacks the entry. Gives the path it fills, links followed; undefined for what fills none. */
  add(path: string, entry: TarEntry): string | undefined {
    this.#filled = undefined;
    const name = fileName(path);
    const parent = parentPath(path);
    if (entry.typeflag === 'g') this.#checkGlobal(path, parent, name);
    else if (name === OPAQUE) this.#makeOpaque(this.#makeFolders(parent));
    else if (name.startsWith(WHITEOUT)) this.#whiteOut(path, this.#makeFolders(parent), name);
    else {
      checkName(path, name);
      checkAttributes(path, entry);
      const folder = this.#makeFolders(parent);
      const own = this.#lastOwn === parent ? path : joined(this.#lastOwn, name);
      this.#filled = this.#put(path, folder, name, entry);
      if (own !== path && isFolder(this.#filled)) this.#named.push(path);
      return own;
    }
    return undefined;
  }

  /** Sets what is known of the place last filled or linked, given what was known of it before. */
  describe(
    known: (before: PlaceAttributes | undefined, kind: PathKind) => PlaceAttributes | undefined,
  ): void {
    const place = this.#filled?.inode;
    if (place === undefined || place.kind === 'x' || place.kind === 'w') return;
    place.attributes = known(place.attributes, place.kind);
  }

  /**
   * The layer's places as a path list. `needsLower` means that the stores agree only above other
   * layers. In the lowest one, containerd unpacks an opaque mark by removing what no entry has
   * named, and a whiteout to nothing. Throws UserError if a folder's path points to nothing at the
   * end.
   */
  finish(): Pick<LayerFacts, 'paths' | 'attributes' | 'needsLower'> {
    if (this.#isLost) this.#checkListed();
    return { ...writePathList(this.#root), needsLower: this.#needsLower };
  }

  #put(path: string, folder: Place, name: string, entry: TarEntry): Place {
    const before = childrenOf(folder).get(name);
    const { type, typeflag, linkname } = entry;
    const keepsOwner = ownerId(entry.uid) === undefined || ownerId(entry.gid) === undefined;
    const ofOwner = 'has the owner -1, by which engines leave the owner as it is';
    if (type === 'other' || typeflag === '7' || typeflag === 'S')
      throw refused(path, `it has the type ${JSON.stringify(typeflag)}`);
    if (type === 'directory' && before !== undefined && isFolder(before)) {
      if (keepsOwner) throw refused(path, `it is named a second time, and ${ofOwner}`);
      this.#implied.delete(before);
      return before;
    }
    if (before !== undefined) this.#remove(folder, before);
    let target: Place | undefined;
    if (type === 'symlink') checkLink(path, linkname);
    if (type === 'hardlink') {
      // What a file of no note had is not kept.
      if (keepsOwner) throw refused(path, `its hard link ${ofOwner}`);
      target = this.#shared(path, linkname);
    }
    const place = this.#addPlace(folder, name, isWhiteoutDevice(entry) ? 'w' : KINDS[type]);
    if (type === 'file') place.size = entry.size;
    if (type === 'symlink') place.link = linkname;
    place.target = target;
    return place;
  }

  #addPlace(folder: Place, name: string, kind: PathKind): Place {
    if (++this.#places > MOST_PLACES) throw tooMuch(MOST_PLACES, 'files and folders');
    const place = new Place(name, folder, kind);
    childrenOf(folder).set(name, place);
    return place;
  }

  #remove(folder: Place, place: Place): void {
    childrenOf(folder).delete(place.name);
    this.#last = this.#root;
    this.#lastPath = '';
    this.#lastOwn = '';
    if (isFolder(place)) this.#removed.push(place);
    if (isFolder(place) || place.inode.kind === 'l') this.#isLost = true;
  }

  /** What a hard link gives another name. */
  #shared(path: string, link: string): Place {
    const target = hardLinkPath(path, link);
    const folder = this.#walk(parentPath(target), false);
    const found = folder?.children?.get(fileName(target));
    const shown = JSON.stringify(link);
    if (found === undefined)
      throw refused(path, `the layer does not have the target of its hard link, ${shown}`);
    if (isFolder(found)) throw refused(path, `it is a hard link to a folder, ${shown}`);
    // In the lowest layer, a whiteout leaves nothing to link to.
    if (found.inode.kind === 'w') this.#needsLower = true;
    return found.inode;
  }

  #whiteOut(path: string, folder: Place, name: string): void {
    const removed = name.slice(WHITEOUT.length);
    if (removed === '' || removed === '.' || removed === '..')
      throw refused(path, 'the whiteout does not name a file');
    checkName(path, removed);
    if (childrenOf(folder).has(removed) || childrenOf(folder).has(name))
      throw refused(path, 'the same layer has what this whiteout removes');
    this.#addPlace(folder, removed, 'w');
  }

  #makeOpaque(folder: Place): void {
    this.#needsLower ||= this.#hasImplied(folder);
    // Overlayfs does not ask the root for the mark.
    if (folder !== this.#root) folder.kind = 'o';
  }

  /** True where it contains a folder that no entry named so far, or the search takes too much. */
  #hasImplied(folder: Place): boolean {
    if (this.#implied.size === 0) return false;
    for (const place of folder.below()) {
      if (++this.#searched > MOST_SEARCHED) return true;
      if (this.#implied.has(place)) return true;
    }
    return false;
  }

  /** A global header is not a file, but containerd removes what has its name. */
  #checkGlobal(path: string, parent: string, name: string): void {
    const folder = this.#walk(parent, false);
    const isFree = folder !== undefined && !childrenOf(folder).has(name);
    if (!isFree || name.startsWith(WHITEOUT))
      throw refused(path, 'engines differ in what a global header of this name removes');
  }

  /**
   * Engines set the times of folders at the end: each path that named one has to exist then. A
   * whiteout does not in the lowest layer.
   */
  #checkListed(): void {
    const check = (path: string): void => {
      const found = walkPath(this.#root, path, true);
      if (found === undefined || found === 'outside')
        throw refused(
          path,
          'it is listed as a folder, and points to nothing at the end of the layer',
        );
      if (found.inode.kind === 'w') this.#needsLower = true;
    };
    for (const path of this.#named) check(path);
    for (const removed of this.#removed)
      for (const place of [removed, ...removed.below()])
        if (isFolder(place) && !this.#implied.has(place)) check(place.path);
  }

  /**
   * The folder at a path, with links followed; creates it if it is missing. Throws UserError where
   * a folder is impossible, or where the stores differ.
   */
  #makeFolders(path: string): Place {
    if (path === this.#lastPath) return this.#last;
    this.#last = this.#walk(path, true) ?? this.#root;
    this.#lastPath = path;
    this.#lastOwn = this.#last.path;
    return this.#last;
  }

  /** The folder at a path, links followed; undefined where it is missing and not to be made. */
  #walk(path: string, make: boolean): Place | undefined {
    let folder = this.#root;
    let links = 0;
    const go = (parts: string, isLink: boolean): boolean => {
      for (const part of parts.split('/')) {
        if (part === '' || part === '.') continue;
        if (part === '..') {
          folder = folder.folder ?? folder;
          continue;
        }
        const place = childrenOf(folder).get(part)?.inode;
        if (place === undefined) {
          if (!make) return false;
          if (isLink) throw refused(path, 'a link in it points to nothing');
          checkName(path, part);
          folder = this.#addPlace(folder, part, 'd');
          this.#implied.add(folder);
        } else if (place.kind === 'l') {
          links += 1;
          this.#checkFollowed(place.link, links, path);
          if (place.link.startsWith('/')) folder = this.#root;
          if (!go(place.link, true)) return false;
        } else if (isFolder(place)) folder = place;
        else throw refused(path, `${JSON.stringify(part)} is not a folder`);
      }
      return true;
    };
    return go(path, false) ? folder : undefined;
  }

  /**
   * Refuses links with `..` after a link or a name, where the stores differ: a kernel goes up from
   * the target, containerd from the link itself.
   */
  #checkFollowed(link: string, links: number, path: string): void {
    if (links > MAX_LINKS) throw refused(path, 'it leads over too many links');
    this.#followed += link.length;
    if (this.#followed > MOST_FOLLOWED)
      throw tooMuch(MOST_FOLLOWED, 'characters of links in paths');
    if (link.includes('..') && (links > 1 || hasInnerDots(link)))
      throw refused(path, `engines differ in where the link ${JSON.stringify(link)} leads`);
  }
}

function isFolder(place: Place): boolean {
  return place.children !== undefined;
}

/** Places that are walked into are folders. */
function childrenOf(folder: Place): Map<string, Place> {
  return folder.children ?? new Map<string, Place>();
}
