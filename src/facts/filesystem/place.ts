import type { Digest } from '../../model/digest.ts';
import { UserError } from '../../model/errors.ts';
import { joined } from '../../model/path.ts';
import type { FileAttributes } from '../layer-facts.ts';

/** A place's kind: file, directory, symbolic link, hard link, whiteout, opaque directory, other. */
export type PathKind = 'f' | 'd' | 'l' | 'h' | 'w' | 'o' | 'x';

/** Files and folders of a layer, and of all layers of an image together. */
export const MOST_PLACES = 1_000_000;

export function tooMuch(limit: number, what: string): UserError {
  return new UserError(`the layers of the image contain more than ${limit} ${what}`);
}

/** A file, folder or link, in a layer alone or in the filesystem of an image. */
export class Place {
  /** The folder whose path was last asked for: places are mostly visited folder by folder. */
  static #lastFolder: Place | undefined;
  static #lastPath = '';

  /** The last part of the path. */
  readonly name: string;
  /** Undefined for the root. */
  readonly folder: Place | undefined;
  kind: PathKind;
  /** Bytes, for files. */
  size = 0;
  /** The topmost layer that put it there; '' in a layer alone. */
  layer: Digest;
  /** What its layer says of it besides its path. */
  attributes: FileAttributes | undefined;
  /** The text of a symbolic link. */
  link = '';
  /** What a hard link shares, as it was when that was unpacked. */
  target: Place | undefined;
  /** Of folders, by name. */
  readonly children: Map<string, Place> | undefined;

  constructor(name: string, folder: Place | undefined, kind: PathKind, layer = '' as Digest) {
    this.name = name;
    this.folder = folder;
    this.kind = kind;
    this.layer = layer;
    if (kind === 'd') this.children = new Map();
  }

  /** From the root, '' for the root itself. */
  get path(): string {
    const { folder } = this;
    if (folder === undefined) return '';
    if (folder !== Place.#lastFolder) {
      const names: string[] = [];
      for (let at = folder; at.folder !== undefined; at = at.folder) names.push(at.name);
      Place.#lastPath = names.reverse().join('/');
      Place.#lastFolder = folder;
    }
    return joined(Place.#lastPath, this.name);
  }

  /** What a hard link shares; any other place itself. */
  get inode(): Place {
    return this.target ?? this;
  }

  /** The regular file of note whose bytes it gives; undefined where no more is known of it. */
  get content(): Place | undefined {
    const { inode } = this;
    return inode.kind === 'f' && inode.attributes !== undefined ? inode : undefined;
  }

  /** All that is below it, folders before what they contain. */
  *below(): Generator<Place> {
    // No recursion: names of one letter can be 2,000 folders deep.
    const open = [(this.children ?? new Map<string, Place>()).values()];
    for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
      const next = last.next();
      if (next.done === true) open.pop();
      else {
        yield next.value;
        if (next.value.children !== undefined) open.push(next.value.children.values());
      }
    }
  }
}

/** As Linux: a path that leads over more is taken for a loop. */
export const MAX_LINKS = 40;

/** Root folders that every runtime mounts over: links into them resolve when the container runs. */
const MOUNTED = new Set(['proc', 'dev', 'sys']);

/** Devices of each container, never executed (OCI runtime specification, "Default Devices"). */
const DEVICE = /^dev\/+(?:null|zero|full|random|urandom|tty|ptmx)$/;

/** Where processes see their own root (proc(5)): a link through it leads back into the image. */
const OWN_ROOT = /^proc\/+(?:self|thread-self|\d+)(?:\/+task\/+\d+)?\/+root(?=\/|$)/;

/**
 * The place that a path means, as a kernel walks: links in its folders are followed, its last part
 * where `follow` says so, `..` leaves the folder that a link led into, and none leaves the root.
 * Nothing is put together or split beforehand: links to each other cost no more than their number.
 * `isRunning`: as a process in the container walks, 'outside' where a link points to what is not in
 * the image; without it as an engine does before anything is mounted.
 */
export function walkPath(
  root: Place,
  path: string,
  follow: boolean,
  isRunning = false,
): Place | 'outside' | undefined {
  const folders = [root];
  let links = 0;
  let missed: 'outside' | undefined;
  const go = (text: string, followLast: boolean): boolean => {
    for (let start = nextPart(text, 0); start < text.length;) {
      const slash = text.indexOf('/', start);
      let end = slash < 0 ? text.length : slash;
      const part = text.slice(start, end);
      const isMounted = isRunning && links > 0 && folders.length === 1 && MOUNTED.has(part);
      const own = isMounted ? OWN_ROOT.exec(text.slice(start)) : null;
      if (own !== null) end = start + own[0].length;
      else if (isMounted) {
        missed = DEVICE.test(text.slice(start)) ? undefined : 'outside';
        return false;
      }
      start = nextPart(text, end);
      if (own !== null || part === '.') continue;
      const { children } = folders.at(-1) ?? root;
      if (children === undefined) return false;
      if (part === '..') {
        if (folders.length > 1) folders.pop();
        continue;
      }
      const place = children.get(part);
      if (place === undefined) return false;
      const { kind, link } = place.inode;
      if (kind !== 'l' || (start >= text.length && !followLast)) folders.push(place);
      else {
        if (++links > MAX_LINKS) return false;
        if (link.startsWith('/')) folders.length = 1;
        if (!go(link, true)) return false;
      }
    }
    return true;
  };
  return go(path, follow) ? folders.at(-1) : missed;
}

/** Where the next part begins, at `from` or after the slashes there. */
function nextPart(text: string, from: number): number {
  let start = from;
  while (text.charCodeAt(start) === 0x2f) start += 1;
  return start;
}
