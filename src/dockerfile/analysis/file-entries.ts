import { fileName } from '../../model/path.ts';

/** What is known of a file of a stage. */
export type FileContent =
  | { readonly kind: 'text'; readonly text: string; readonly origin: 'context' | 'build' }
  /** It exists with unknown content; `why` follows the file's name: "comes from another image". */
  | { readonly kind: 'unread'; readonly why: string }
  /** A folder put over its path may hold it. */
  | {
      readonly kind: 'maybe';
      readonly why: string;
      /** Of a stage whose commands were followed: none is known to put it there. */
      readonly isFollowed?: boolean;
      /** It may lie over a program of the image, too: nothing is known of what was put there. */
      readonly hides?: boolean;
    };

export const unread = (why: string): FileContent => ({ kind: 'unread', why });

export const maybe = (why: string, isFollowed = false, hides = false): FileContent => ({
  kind: 'maybe',
  why,
  isFollowed,
  hides,
});

/** True for a file of the context or of another image, not one that a command fetched. */
export function isBrought(content: FileContent | undefined): boolean {
  return (
    content?.kind === 'text' ||
    (content?.kind === 'unread' && /^(?:comes|is larger)/.test(content.why))
  );
}

/** Folders of an image that hold its programs, at any depth. */
export const HOLDS_PROGRAMS = /^\/(?:usr(?:\/local)?)?\/?(?:s?bin)?$/;

/** Why a file below a folder of the context is not known, where the context is not. */
export const NOT_AT_HAND = 'may come from the build context, which was not given';

/** The file lookups left, shared by a Dockerfile's stages; a step is about a microsecond. */
export interface LookupBudget {
  steps: number;
}

/**
 * Takes the path below the folder ('' for the file itself) and how often a copy of a copy was
 * followed; gives what is there, undefined where nothing is.
 */
export type FileSource = (below: string, depth: number) => FileContent | undefined;

/** What lies in a folder that was put somewhere. */
export interface FolderSource {
  /** The context holds what is below, and can be asked. */
  readonly ofContext?: boolean;
  readonly source: FileSource;
  /** Names in a folder by its path below; undefined where not all of them are known. */
  readonly names?: (below: string) => readonly string[] | undefined;
}

interface FileEntry extends FolderSource {
  /** Its place among all entries of the stage. */
  readonly order: number;
  /** Numbers of the first command that sees it, and of the first that does not any more. */
  readonly from: number;
  until: number;
  readonly path: string;
  readonly isFolder: boolean;
}

/** Entries of one stage; a stage with more is not one that a person writes. */
const MOST = 4000;
/** Of those whose path is not known whole. */
const MOST_OPEN = 32;

/** What was put into a stage, the newest over the older. */
export class FileEntries {
  readonly contextFolders: FileEntry[] = [];
  readonly #byPath = new Map<string, FileEntry[]>();
  readonly #byName = new Map<string, FileEntry[]>();
  /** Those at a path of which a part is not known. */
  readonly #open: FileEntry[] = [];
  #count = 0;

  /** More was put there than is kept, so that nothing is known any more. */
  get isOver(): boolean {
    return this.#count > MOST;
  }

  get count(): number {
    return this.#count;
  }

  push(given: Omit<FileEntry, 'until' | 'order'>): void {
    this.#count += 1;
    if (this.isOver) return;
    const entry = { ...given, until: Infinity, order: this.#count };
    listAt(this.#byPath, entry.path).push(entry);
    if (entry.path.includes('$')) this.#open.push(entry);
    if (!entry.isFolder) listAt(this.#byName, fileName(entry.path)).push(entry);
    else if (entry.ofContext === true) this.contextFolders.push(entry);
  }

  /** Entries after number `from` up to `to` are gone for commands from number `until` on. */
  end(from: number, to: number, until: number): void {
    if (to <= from) return;
    for (const entry of [...this.#byPath.values()].flat())
      if (entry.order > from && entry.order <= to) entry.until = until;
  }

  /** The newest file of a name that command number `at` sees. */
  named(name: string, at: number): FileEntry | undefined {
    return this.#byName.get(name)?.findLast((one) => one.from <= at && at < one.until);
  }

  /** Names in a folder that command number `at` sees; undefined where not all of them are known. */
  names(folder: string, at: number): readonly string[] | undefined {
    const isSeen = (one: FileEntry): boolean => one.from <= at && at < one.until;
    if (this.isOver || this.#open.some(isSeen)) return undefined;
    const found: string[] = [];
    const start = folder === '/' || folder === '' ? folder : `${folder}/`;
    for (const [path, list] of this.#byPath) {
      if (path !== '' && path.startsWith('/') !== folder.startsWith('/')) {
        if (list.some(isSeen)) return undefined;
        continue;
      }
      if (path !== folder && path.startsWith(start)) {
        if (list.some(isSeen)) found.push(path.slice(start.length).split('/')[0] ?? '');
        continue;
      }
      if (path !== folder && path !== '' && !isWithin(folder, path)) continue;
      for (const entry of list.filter((one) => one.isFolder && isSeen(one))) {
        const names = entry.names?.(belowOf(folder, entry));
        if (names === undefined) return undefined;
        found.push(...names);
      }
    }
    return found;
  }

  /** Paths of files like this that command number `at` sees. */
  put(pattern: RegExp, at: number): readonly string[] {
    return [...this.#byPath]
      .filter(([path, list]) => {
        const isFile = list.some((one) => !one.isFolder && one.from <= at && at < one.until);
        return isFile && pattern.test(path);
      })
      .map(([path]) => path);
  }

  /** The newest file that may lie at a path: a part of its own path or of this one is unknown. */
  open(path: string, at: number): FileContent | undefined {
    const isSeen = (one: FileEntry): boolean => one.from <= at && at < one.until;
    const isOpen = path.includes('$');
    const near = isOpen
      ? [...this.contextFolders, ...(this.#byName.get(fileName(path)) ?? [])]
      : this.#open;
    for (const entry of near.filter(isSeen).slice(-MOST_OPEN).reverse()) {
      const names = isOpen ? namesBelow(entry, path) : openBelow(entry, path);
      for (const below of names) {
        const found = entry.source(below, 1);
        if (found !== undefined && found.kind !== 'maybe') return found;
      }
    }
    return undefined;
  }

  /** The entries at a path and over it, the newest first, each with the path below it. */
  *over(
    path: string,
    at: number,
  ): Generator<{ readonly entry: FileEntry; readonly below: string }> {
    const lists = placesOver(path).flatMap((place) => {
      const list = this.#byPath.get(place);
      return list === undefined ? [] : [{ list, isOwn: place === path, left: list.length }];
    });
    for (;;) {
      const next = lists
        .filter(({ left }) => left > 0)
        .sort((a, b) => (b.list[b.left - 1]?.order ?? 0) - (a.list[a.left - 1]?.order ?? 0))[0];
      if (next === undefined) return;
      next.left -= 1;
      const entry = next.list[next.left];
      if (entry === undefined || !(entry.isFolder || next.isOwn)) continue;
      if (entry.from <= at && at < entry.until) yield { entry, below: belowOf(path, entry) };
    }
  }
}

const UNKNOWN = /\$(?:\{[^}]*\}|\([^)]*\)|\w+)/;

/** What of `path` may lie below an entry of partly known path: its last name, for a folder. */
function openBelow({ path: own, isFolder }: FileEntry, path: string): readonly string[] {
  const folder = path.replace(/(?<![^/])[^/]*$/, '').replace(/\/$/, '');
  const parts = own.split(UNKNOWN);
  // Of a path that is all unknown nothing can be said.
  if (!own.startsWith('/') && parts.at(-1)?.startsWith('/') !== true) return [];
  const whole = isSpelled(parts, path) ? [''] : [];
  return isFolder && isSpelled(parts, folder) ? [...whole, fileName(path)] : whole;
}

/** What may be the same file by a path of which only the end is known. */
function namesBelow({ path: own, isFolder }: FileEntry, path: string): readonly string[] {
  const end = (path.split(UNKNOWN).at(-1) ?? '').replace(/^\/+/, '');
  if (isFolder) return [...new Set([end, fileName(end)])];
  return own === end || own.endsWith(`/${end}`) ? [''] : [];
}

/** True where a text is these parts, in order, with anything between them. */
function isSpelled(parts: readonly string[], text: string): boolean {
  const [first = ''] = parts;
  const last = parts.at(-1) ?? '';
  let at = first.length;
  if (!text.startsWith(first)) return false;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}

function listAt(map: Map<string, FileEntry[]>, key: string): FileEntry[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

/** A path and the folders that it lies in; '' is the working directory, where that is not known. */
function placesOver(path: string): readonly string[] {
  const places = [path];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    places.push(path.slice(0, end));
  return path === '' ? places : [...places, path.startsWith('/') ? '/' : ''];
}

function belowOf(path: string, entry: FileEntry): string {
  if (path === entry.path) return '';
  return entry.path === '' ? path : path.slice(entry.path === '/' ? 1 : entry.path.length + 1);
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === '/' || path.startsWith(`${folder}/`);
}
