import { joined, parentPath } from '../../model/path.ts';
import { LinkTexts } from './columns/link-texts.ts';
import { NONE, type PlaceKind, Places } from './columns/places.ts';
import { checkName, hasInnerDots, refused } from './layer-rules.ts';
import { tooMuch, TREE_LIMITS } from './tree-limits.ts';
import { MAX_LINKS, walkPath } from './walk-path.ts';

/** By whom a place was put there: an entry of its own, or 0 for the path of another. */
export const LISTED = 1;
/** Characters of links that all entries of a layer may lead over. */
const MOST_FOLLOWED = 2 ** 28;
/** Places that all opaque marks of a layer may make us look at. */
const MOST_SEARCHED = 2 ** 23;

/** The folders of a layer unpacked alone, and the ways to them over the layer's own links. */
export class LayerFolders {
  readonly places = new Places(0);
  readonly root = this.places.addRoot();
  readonly links = new LinkTexts();
  /** Folders that stand in a path and have no entry before it. */
  #implied = 0;
  #searched = 0;
  #followed = 0;
  /** Paths of entries that led over links. */
  readonly #named: string[] = [];
  #isLost = false;
  #lastPath = '';
  #last = this.root;
  #lastOwn = '';

  isFolder(place: number): boolean {
    const kind = place === NONE ? 'x' : this.places.kindOf(place);
    return kind === 'd' || kind === 'o';
  }

  /** What a place shares with others, or the place itself. */
  inode(place: number): number {
    const { places } = this;
    return place !== NONE && places.kindOf(place) === 'h' ? places.targetOf(place) : place;
  }

  /** Takes away what stands at a place: paths may lead elsewhere from here on. */
  remove(place: number): void {
    this.places.remove(place);
    this.#lastPath = '';
    this.#last = this.root;
    this.#lastOwn = '';
    if (this.isFolder(place) || this.places.kindOf(this.inode(place)) === 'l') this.#isLost = true;
  }

  /** True where it contains a folder that no entry named so far, or the search takes too much. */
  hasImplied(folder: number): boolean {
    const { places } = this;
    if (this.#implied === 0) return false;
    for (let place = folder + 1; place < places.size; place += 1) {
      if (++this.#searched > MOST_SEARCHED) return true;
      if (places.by(place) === LISTED || !this.isFolder(place)) continue;
      for (let at = places.folderOf(place); at >= folder; at = places.folderOf(at))
        if (at === folder) return true;
    }
    return false;
  }

  /** Keeps the path by which an entry named a folder, where it is not the folder's own. */
  name(path: string, own: string, place: number): void {
    if (own !== path && this.isFolder(place)) this.#named.push(path);
  }

  /**
   * Engines set the times of folders at the end: each path that named one has to lead to something
   * then. Gives true where one leads to a whiteout, which the lowest layer does not have.
   */
  checkListed(): boolean {
    if (!this.#isLost) return false;
    let isMarked = false;
    const { places } = this;
    const check = (path: string): void => {
      const found = walkPath(this, this.root, path, true);
      if (found !== NONE && places.kindOf(found) === 'w') isMarked = true;
      if (found === NONE)
        throw refused(
          path,
          'it is listed as a folder, and points to nothing at the end of the layer',
        );
    };
    for (const path of this.#named) check(path);
    for (let place = 0; place < places.size; place += 1)
      if (places.by(place) === LISTED && this.isFolder(place)) check(places.pathOf(place));
    return isMarked;
  }

  /** As `walkPath` asks for places. */
  find(folder: number, name: string): number {
    return this.inode(this.places.find(folder, name));
  }

  kindOf(place: number): PlaceKind {
    return this.isFolder(place) ? 'd' : this.places.kindOf(place);
  }

  linkOf(place: number): string {
    return this.links.at(this.places.targetOf(place));
  }

  /**
   * The folder at a path, with links followed; creates it if it is missing. Throws UserError where
   * there can be no folder, or where the stores differ.
   */
  make(path: string): number {
    if (path === this.#lastPath) return this.#last;
    const shared = this.#sharedFolder(path);
    const rest = shared.length === 0 ? path : path.slice(shared.length + 1);
    this.#last = this.#walk(path, rest, shared.folder, true);
    this.#lastPath = path;
    this.#lastOwn = this.places.pathOf(this.#last);
    return this.#last;
  }

  /** The lowest folder shared with the last path, if no link led there, and its path's length. */
  #sharedFolder(path: string): { readonly folder: number; readonly length: number } {
    let folder = this.#last;
    let shared = this.#lastOwn === this.#lastPath ? this.#lastPath : '';
    if (shared === '') return { folder: this.root, length: 0 };
    while (shared !== '' && !(path.startsWith(shared) && path.charAt(shared.length) === '/')) {
      folder = this.places.folderOf(folder);
      shared = parentPath(shared);
    }
    return { folder, length: shared.length };
  }

  /** Where links of the layer lead a path whose folder, `parent`, was made last. */
  ownPath(path: string, parent: string, name: string): string {
    return this.#lastOwn === parent ? path : joined(this.#lastOwn, name);
  }

  /** The folder at a path, links followed; NONE where it is missing. */
  folderAt(path: string): number {
    return this.#walk(path, path, this.root, false);
  }

  /** The folder at `rest`, seen from one that no link led to; `path` is the whole. */
  #walk(path: string, rest: string, from: number, make: boolean): number {
    const { places, root } = this;
    let folder = from;
    let links = 0;
    const go = (text: string, isLink: boolean): boolean => {
      for (const part of text.split('/')) {
        if (part === '' || part === '.') continue;
        if (part === '..') {
          if (folder !== root) folder = places.folderOf(folder);
          continue;
        }
        const place = this.find(folder, part);
        if (this.isFolder(place)) folder = place;
        else if (place === NONE) {
          if (!make) return false;
          if (isLink) throw refused(path, 'a link in it points to nothing');
          folder = this.#makeFolder(folder, part, path);
        } else if (places.kindOf(place) === 'l') {
          links += 1;
          const link = this.#linkText(place, links, path);
          if (link.startsWith('/')) folder = root;
          if (!go(link, true)) return false;
        } else throw refused(path, `${JSON.stringify(part)} is not a folder`);
      }
      return true;
    };
    return go(rest, false) ? folder : NONE;
  }

  /**
   * Refuses links with `..` after a link or a name, where the stores differ: a kernel goes up from
   * the target, containerd from the link itself.
   */
  #linkText(place: number, links: number, path: string): string {
    const link = this.linkOf(place);
    if (links > MAX_LINKS) throw refused(path, 'it leads over too many links');
    this.#followed += link.length;
    if (this.#followed > MOST_FOLLOWED)
      throw tooMuch(MOST_FOLLOWED, 'characters of links in paths');
    if (link.includes('..') && (links > 1 || hasInnerDots(link)))
      throw refused(path, `engines differ in where the link ${JSON.stringify(link)} leads`);
    return link;
  }

  #makeFolder(folder: number, name: string, path: string): number {
    checkName(path, name);
    if (++this.#implied > TREE_LIMITS.unlistedFolders)
      throw tooMuch(TREE_LIMITS.unlistedFolders, 'folders that no entry lists');
    return this.places.putFolder(folder, name, NONE, 0);
  }
}
