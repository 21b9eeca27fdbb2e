import type { Digest } from '../../model/digest.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import { NONE } from '../filesystem/places.ts';
import { tooMuch } from '../filesystem/tree-limits.ts';
import { mayBeDatabase, mayBeRecord, readerOf } from './record-readers.ts';

/** Folders above a file in which a link to one gives the file another path that its record is known by. */
const MOST_ABOVE = 5;
/** Links on the way to a file, each through the one before. */
const MOST_LINKS = 3;
/** Paths that are tried: links that lead to each other would give many more. */
const MOST_PATHS = 200_000;

/** By layer: files that record packages by a path that leads over links, and the path by which a program finds each. */
export type LinkedRecords = ReadonlyMap<Digest, Readonly<Record<string, string>>>;

/**
 * Finds the records that a program in the container would find and that no path of their own tells: a database whose file or folder is
 * reached by a symbolic link (`var/lib/dpkg -> /opt/dpkg`), or that has another name as well (a hard link).
 */
export function linkedRecords(tree: FileTree): LinkedRecords {
  const names = new OtherNames(tree);
  const found = new Map<Digest, Record<string, string>>();
  const { places } = tree;
  const look = (file: number): void => {
    const own = places.pathOf(file);
    const reader = readerOf(own);
    // What is a record already is looked at again only where it may be a database too.
    if (reader !== undefined && !names.mayBeDatabase(file)) return;
    for (const path of names.pathsOf(file, MOST_LINKS)) {
      const other = readerOf(path);
      if (other === undefined || other === reader) continue;
      const layer = places.layerOf(file);
      const records = found.get(layer) ?? (Object.create(null) as Record<string, string>);
      records[own] ??= path;
      found.set(layer, records);
    }
  };
  for (const file of names.files) look(file);
  if (names.folders.size > 0)
    tree.forEach((place) => {
      if (places.kindOf(place) === 'f' && names.mayBeFound(place)) look(place);
    });
  return found;
}

/** What links of both kinds call the files and folders of a tree. */
class OtherNames {
  readonly #tree: FileTree;
  readonly #links = new Map<number, number[]>();
  /** Files that have a name more. */
  readonly files = new Set<number>();
  /** Folders that symbolic links lead to. */
  readonly folders = new Set<number>();
  #tried = 0;

  constructor(tree: FileTree) {
    this.#tree = tree;
    const { places } = tree;
    tree.forEach((place) => {
      const kind = places.kindOf(place);
      if (kind !== 'l' && kind !== 'h') return;
      const at = kind === 'l' ? tree.placeAt(places.pathOf(place), true) : place;
      const led = at === NONE ? NONE : places.inodeOf(at);
      if (led === NONE) return;
      const isFolder = places.kindOf(led) === 'd';
      if (!isFolder && !mayBeRecord(places.nameOf(place), places.nameOf(places.folderOf(place))))
        return;
      (isFolder ? this.folders : this.files).add(led);
      const known = this.#links.get(led);
      if (known === undefined) this.#links.set(led, [place]);
      else known.push(place);
    });
  }

  /** True for a file in a folder that a link leads to, whose name may be that of a record. */
  mayBeFound(file: number): boolean {
    const { places } = this.#tree;
    const folder = places.folderOf(file);
    let isLinked = false;
    for (let at = folder, above = 0; at !== NONE && above < MOST_ABOVE; at = places.folderOf(at)) {
      isLinked ||= this.folders.has(at);
      above += 1;
    }
    return isLinked && this.#namesOf(folder).some((name) => mayBeRecord(places.nameOf(file), name));
  }

  /** True where a file, or a link to it, has the name of a distribution's database. */
  mayBeDatabase(file: number): boolean {
    const folders = this.#namesOf(this.#tree.places.folderOf(file));
    return this.#namesOf(file).some((name) =>
      folders.some((folder) => mayBeDatabase(name, folder)),
    );
  }

  #namesOf(place: number): readonly string[] {
    return [place, ...(this.#links.get(place) ?? [])].map((at) => this.#tree.places.nameOf(at));
  }

  /** Paths that lead to a place over links, at most so many of them. */
  *pathsOf(place: number, links: number): Generator<string> {
    const { places } = this.#tree;
    let rest = '';
    for (let at = place, above = 0; at !== NONE && above <= MOST_ABOVE; at = places.folderOf(at)) {
      for (const link of this.#links.get(at) ?? []) {
        if ((this.#tried += 1) > MOST_PATHS)
          throw tooMuch(MOST_PATHS, 'paths over links to records of packages');
        yield `${places.pathOf(link)}${rest}`;
        if (links > 1) for (const path of this.pathsOf(link, links - 1)) yield `${path}${rest}`;
      }
      rest = `/${places.nameOf(at)}${rest}`;
      above += 1;
    }
  }
}
