import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { byCodeUnit, joined } from '../lib/text.ts';
import { type FileFact, type FilesystemFact, parsePasswd } from '../model/facts.ts';
import type { Digest } from '../model/reference.ts';
import { parseOsRelease } from './distribution.ts';
import type { PlaceAttributes, LayerFacts, PlacedLayer } from './layer-facts.ts';

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

  readonly name: string;
  readonly folder: Place | undefined;
  kind: PathKind;
  size = 0;
  /** The topmost layer that put it there; '' in a layer alone. */
  layer: Digest;
  /** What its layer says of it besides its path. */
  attributes: PlaceAttributes | undefined;
  link = '';
  /** What a hard link shares, as it was when that was unpacked. */
  target: Place | undefined;
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
 * Resolves a path as a kernel does. Links in its folders are followed, and its last part if
 * `follow` is set. `..` leaves the folder that a link pointed to, and nothing leaves the root. The
 * path is never joined or split first: links to each other cost no more than their number.
 * `isRunning`: as a process in the container, with 'outside' for a link to something that is not in
 * the image; else as an engine before anything is mounted.
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

interface ListedPlace {
  /** Folders that it is in: one in the root has 0. */
  readonly depth: number;
  readonly kind: PathKind;
  readonly size: number;
  readonly attributes: PlaceAttributes | undefined;
  readonly name: string;
  /** Of a symbolic link its text, of a hard link the number of the line whose content it shares. */
  readonly link: string;
}

type PathList = Pick<LayerFacts, 'paths' | 'attributes'>;

/** Characters of a list: a string may have twice as many. */
const MOST_TEXT = 2 ** 28;
/** Lines joined at once: a million strings of one line would take five times their text. */
const BLOCK_LINES = 4096;
/** Names have no slash and no NUL. A line end in a name or a link is written as NUL. */
const LINE = /(\d+)([a-z])(\d*) (\d*) ([^/\n]*)(?:\/([^\n]*))?\n/y;

/**
 * Writes what is below the root as text, a line each, folders before what they contain: depth,
 * kind, size, number in `attributes`, name, and after a slash the link. Of names that share a file,
 * the first is written as the file, the others are hard links to its line.
 */
export function writePathList(root: Place): PathList {
  const places = [...root.below()];
  const lines = new Map<Place, number>();
  const shared = new Set(places.flatMap(({ target }) => target ?? []));
  for (const [line, place] of places.entries())
    if (shared.has(place.inode) && (place === place.inode || !lines.has(place.inode)))
      lines.set(place.inode, line);
  const attributes: PlaceAttributes[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (one: PlaceAttributes): number => {
    const key = JSON.stringify(one);
    const number = numbers.get(key) ?? attributes.push(one) - 1;
    numbers.set(key, number);
    return number;
  };
  const blocks: string[] = [];
  let block: string[] = [];
  let length = 0;
  const depths = new Map([[root, 0]]);
  for (const [line, place] of places.entries()) {
    const { inode, name, folder } = place;
    const depth = depths.get(folder ?? root) ?? 0;
    if (place.children !== undefined) depths.set(place, depth + 1);
    const first = lines.get(inode) ?? line;
    const known = inode.attributes;
    const more =
      inode.kind === 'f' && first !== line
        ? `h  ${name}/${first}`
        : `${inode.kind}${inode.size || ''} ${known === undefined ? '' : numberOf(known)} ${name}${inode.kind === 'l' ? `/${inode.link}` : ''}`;
    const text = `${depth}${more.includes('\n') ? more.replaceAll('\n', '\0') : more}\n`;
    length += text.length;
    if (length > MOST_TEXT) throw tooMuch(MOST_TEXT, 'characters of names and links');
    if (block.push(text) < BLOCK_LINES) continue;
    blocks.push(block.join(''));
    block = [];
  }
  return { paths: blocks.join('') + block.join(''), attributes };
}

function* readPathList({ paths, attributes }: PathList): Generator<ListedPlace> {
  const line = new RegExp(LINE);
  for (let found = line.exec(paths); found !== null; found = line.exec(paths)) {
    const [, depth, kind, size, number, name = '', link = ''] = found;
    yield {
      depth: Number(depth),
      kind: kind as PathKind,
      size: Number(size),
      attributes: number === '' ? undefined : attributes[Number(number)],
      name: withLineEnds(name),
      link: withLineEnds(link),
    };
  }
}

export function listedFiles(list: PathList): readonly string[] {
  const files: string[] = [];
  const folders: string[] = [];
  for (const { depth, kind, name } of readPathList(list)) {
    folders[depth] = name;
    if (kind === 'f') files.push(folders.slice(0, depth + 1).join('/'));
  }
  return files;
}

function withLineEnds(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\n') : text;
}

/**
 * The final filesystem of layers, as overlayfs shows them. Each layer is a folder of its own
 * (`LayerTree`). Folders of one path are merged, and anything else hides what is below it.
 */
export class FileTree {
  readonly #layers: readonly PlacedLayer[];
  readonly #root = new Place('', undefined, 'd');
  readonly #most: number;
  #places = 0;

  /** `layers`: lowest first. Throws UserError where they have more than `most` places together. */
  constructor(layers: readonly PlacedLayer[], most = MOST_PLACES) {
    this.#layers = layers;
    this.#most = most;
    if (layers[0]?.facts.needsLower === true)
      throw new UserError(
        'engines differ in what the marks of removed files in the lowest layer of the image do: build the image again',
      );
    for (const layer of layers) this.#apply(layer);
  }

  /**
   * The place that a path means in the image, links in its folders followed; its last part is
   * followed where `follow` says so. As an engine looks before it runs a container: nothing is
   * mounted on /proc as yet.
   */
  find(path: string, follow: boolean): Place | undefined {
    const found = walkPath(this.#root, path, follow);
    return found === 'outside' ? undefined : found;
  }

  /**
   * Where a process in the container gets by a symbolic link, any other place itself; undefined
   * where nothing is, 'outside' where that is not in the image.
   */
  ledTo(place: Place): Place | 'outside' | undefined {
    return place.kind === 'l' ? walkPath(this.#root, place.path, true, true) : place;
  }

  /** True where a layer has a program whose content was not read. */
  get hasUnread(): boolean {
    return this.#layers.some(({ facts }) => facts.attributes.some(({ unread }) => unread === true));
  }

  places(): Iterable<Place> {
    return this.#root.below();
  }

  #apply({ digest, facts }: PlacedLayer): void {
    const folders = [this.#root];
    const lines: Place[] = [];
    const hardLinks: (readonly [Place, number])[] = [];
    for (const { depth, kind, size, attributes, name, link } of readPathList(facts)) {
      const folder = folders[depth];
      if (folder?.children === undefined) throw new Error('a list of paths is damaged');
      const before = folder.children.get(name);
      if (kind === 'd' && before?.kind === 'd') {
        before.layer = digest;
        before.attributes = attributes;
        folders[depth + 1] = before;
        lines.push(before);
        continue;
      }
      const place = new Place(name, folder, kind === 'o' ? 'd' : kind, digest);
      lines.push(place);
      // What replaces another comes last: lists name what lower layers have first.
      folder.children.delete(name);
      if (kind === 'w') continue;
      if (++this.#places > this.#most) throw tooMuch(this.#most, 'files and folders');
      place.size = size;
      place.attributes = attributes;
      if (kind === 'l') place.link = link;
      if (kind === 'h') hardLinks.push([place, Number(link)]);
      folder.children.set(name, place);
      folders[depth + 1] = place;
    }
    for (const [place, line] of hardLinks) place.target = lines[line];
  }
}

/** Package managers that are code, not programs (`site-packages/pip`, `node_modules/npm`). */
const NODE_MANAGERS = /(?:^|\/)node_modules\/(?:npm|yarn|pnpm|corepack|bun)\/package\.json$/;
const PYTHON_MANAGERS =
  /(?:^|\/)(?:site|dist)-packages\/(?:pip|uv|poetry|pipenv|conda|pdm|hatch)\/__init__\.py$/;
const OTHER_MANAGERS =
  /(?:^|\/)(?:composer\.phar|ensurepip\/_bundled\/pip-[^/]+\.whl|opt\/yarn-[^/]+\/package\.json)$/;

/** How all of them end: what does not is ruled out without its whole path. */
const MANAGER_ENDINGS = ['package.json', '__init__.py', 'composer.phar', '.whl'];

/** False for names, and paths, of which no folder makes a manager's file. */
export function mayBeManagerFile(name: string): boolean {
  return MANAGER_ENDINGS.some((ending) => name.endsWith(ending));
}

export function isManagerFile(path: string): boolean {
  if (!mayBeManagerFile(path)) return false;
  return NODE_MANAGERS.test(path) || PYTHON_MANAGERS.test(path) || OTHER_MANAGERS.test(path);
}

export const EXECUTE = 0o111;
export const ELEVATED = 0o6000;

export const PASSWD = 'etc/passwd';
export const OS_RELEASES = ['etc/os-release', 'usr/lib/os-release'];

/** The final filesystem as criteria see it; lists are ordered by path. */
export function filesystemFact(tree: FileTree): FilesystemFact {
  const executables: FileFact[] = [];
  const elevated: FileFact[] = [];
  const managerFiles: FileFact[] = [];
  let fileCount = 0;
  for (const place of tree.places()) {
    const { kind, name, layer } = place;
    if (kind === 'd') continue;
    fileCount += 1;
    const led = tree.ledTo(place);
    if (led === 'outside') {
      const resolved = `${place.link}, which leads out of the image`;
      executables.push({ ...linkFact(place), resolved });
      continue;
    }
    const content = led?.content;
    const attributes = content?.attributes;
    if (content === undefined || attributes === undefined) continue;
    const isExecutable = (attributes.mode & EXECUTE) !== 0 && attributes.executable !== undefined;
    if (kind === 'l') {
      const { executable, multicall, shell } = attributes;
      const what = given({ executable, multicall, shell });
      if (isExecutable) executables.push({ ...linkFact(place), resolved: content.path, ...what });
      continue;
    }
    const isElevated = (attributes.mode & ELEVATED) !== 0 || attributes.capabilities !== undefined;
    const isManager = mayBeManagerFile(name) && isManagerFile(place.path);
    if (!isExecutable && !isElevated && !isManager) continue;
    // The inode is one: a hard link has the mode, owner and attributes of the file it shares.
    const type = kind === 'h' ? 'hardlink' : 'file';
    const file = { ...attributes, path: place.path, type, size: content.size, layer } as const;
    if (isExecutable) executables.push(file);
    if (isElevated) elevated.push(file);
    if (isManager) managerFiles.push(file);
  }
  const passwd = textOf(tree, PASSWD);
  const osRelease = OS_RELEASES.map((path) => textOf(tree, path)).find((one) => one !== undefined);
  return {
    executables: executables.sort(byPath),
    elevated: elevated.sort(byPath),
    managerFiles: managerFiles.sort(byPath),
    fileCount,
    has: (path) => tree.find(path, false) !== undefined,
    passwd: passwd === undefined ? undefined : parsePasswd(passwd),
    osRelease: osRelease === undefined ? undefined : parseOsRelease(osRelease),
  };
}

function textOf(tree: FileTree, path: string): string | undefined {
  return tree.find(path, true)?.content?.attributes?.text;
}

function byPath(a: FileFact, b: FileFact): number {
  return byCodeUnit(a.path, b.path);
}

function linkFact({ path, layer, attributes }: Place): FileFact {
  const { mode = 0o777, uid = 0, gid = 0 } = attributes ?? {};
  return { path, type: 'symlink', mode, uid, gid, size: 0, layer };
}
