import type { Digest } from '../../model/digest.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import { NONE } from '../filesystem/places.ts';
import { tooMuch } from '../filesystem/tree-limits.ts';
import {
  DATABASES,
  mayBeDatabase,
  mayBeRecord,
  readerOf,
  RECORD_FOLDERS,
} from './record-readers.ts';

/** The last parts of a path that tell a record of a language's package: `node_modules/@a/b/package.json`. */
const MOST_PARTS = 4;
/** Folders in which a file is a record of a language's package. */
const RECORD_FOLDER =
  /^(?:node_modules|specifications|composer|EGG-INFO)$|\.(?:dist-info|egg-info|egg)$/;
/** Paths that are tried in all: links to each other could give any number. */
const MOST_PATHS = 1_000_000;

/** By layer: files that record packages by a path that leads over links, and the path by which a program finds each. */
type LinkedRecords = ReadonlyMap<Digest, Readonly<Record<string, string>>>;

/**
 * Finds the records that a program in the container would find and that no path of their own tells: a database whose file or folder is
 * reached by a symbolic link (`var/lib/dpkg -> /opt/dpkg`), or that has another name as well (a hard link).
 */
export function linkedRecords(tree: FileTree): LinkedRecords {
  const { places } = tree;
  const found = new Map<Digest, Record<string, string>>();
  /** True where the path makes the file a record that its own path does not. */
  const add = (file: number, path: string): boolean => {
    const reader = readerOf(path);
    const own = places.pathOf(file);
    if (places.kindOf(file) !== 'f' || reader === undefined || reader === readerOf(own))
      return false;
    const layer = places.layerOf(file);
    const records = found.get(layer) ?? (Object.create(null) as Record<string, string>);
    records[own] ??= path;
    found.set(layer, records);
    return true;
  };
  const fileAt = (path: string): number => {
    const at = tree.placeAt(path, true);
    return at === NONE ? NONE : places.inodeOf(at);
  };
  for (const path of DATABASES) {
    const file = fileAt(path);
    if (file !== NONE) add(file, path);
  }
  const folders = new Map(RECORD_FOLDERS.map((path) => [tree.placeAt(path, true), path]));
  folders.delete(NONE);
  const names = new OtherNames(tree);
  const look = (file: number): void => {
    // What is a record already is looked at again only where it may be a database too.
    if (readerOf(places.pathOf(file)) !== undefined && !names.mayBeDatabase(file)) return;
    for (const path of names.pathsOf(file, 0)) if (add(file, path)) return;
  };
  for (const file of names.files) look(file);
  tree.forEach((place) => {
    const folder = folders.get(places.folderOf(place));
    if (folder !== undefined) {
      const file = fileAt(places.pathOf(place));
      if (file !== NONE) add(file, `${folder}/${places.nameOf(place)}`);
    }
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
  #tried = 0;

  constructor(tree: FileTree) {
    this.#tree = tree;
    const { places } = tree;
    const others: (readonly [number, number])[] = [];
    tree.forEach((place) => {
      const kind = places.kindOf(place);
      if (kind !== 'l' && kind !== 'h') return;
      const at = kind === 'l' ? tree.placeAt(places.pathOf(place), true) : place;
      const led = at === NONE ? NONE : places.inodeOf(at);
      if (led === NONE) return;
      if (places.kindOf(led) !== 'd') {
        if (!mayBeRecord(places.nameOf(place), places.nameOf(places.folderOf(place)))) return;
        this.files.add(led);
      } else if (!this.#isAbove(place, (above) => RECORD_FOLDER.test(places.nameOf(above)))) {
        others.push([led, place]);
        return;
      }
      this.#add(led, place);
    });
    // A link in what such a link leads to.
    for (const [led, place] of others)
      if (this.#isAbove(place, (above) => this.#links.has(above))) this.#add(led, place);
  }

  #add(led: number, place: number): void {
    const known = this.#links.get(led);
    if (known === undefined) this.#links.set(led, [place]);
    else known.push(place);
  }

  /** True where the last parts of a place's path have one that is such. */
  #isAbove(place: number, is: (above: number) => boolean): boolean {
    const { places } = this.#tree;
    for (let at = place, parts = 1; at !== NONE && parts < MOST_PARTS; at = places.folderOf(at)) {
      if (is(at)) return true;
      parts += 1;
    }
    return false;
  }

  /** True for a file whose name may be that of a record, in a folder that a link leads to. */
  mayBeFound(file: number): boolean {
    const { places } = this.#tree;
    const folder = places.folderOf(file);
    return (
      mayBeRecord(places.nameOf(file), places.nameOf(folder)) &&
      this.#isAbove(folder, (above) => this.#links.has(above))
    );
  }

  /** True where a file, or a link to it, has the name of a distribution's database. */
  mayBeDatabase(file: number): boolean {
    const { places } = this.#tree;
    const names = [file, ...(this.#links.get(file) ?? [])];
    return names.some((at) => mayBeDatabase(places.nameOf(at), places.nameOf(places.folderOf(at))));
  }

  /** Paths that lead to a place over links, which differ in the last parts, `parts` of which are told already. */
  *pathsOf(place: number, parts: number): Generator<string> {
    const { places } = this.#tree;
    let rest = '';
    for (
      let at = place, count = parts;
      at !== NONE && count < MOST_PARTS;
      at = places.folderOf(at)
    ) {
      for (const link of this.#links.get(at) ?? []) {
        if ((this.#tried += 1) > MOST_PATHS)
          throw tooMuch(MOST_PATHS, 'paths over links to records of packages');
        yield `${places.pathOf(link)}${rest}`;
        for (const path of this.pathsOf(places.folderOf(link), count + 1))
          yield `${path}/${places.nameOf(link)}${rest}`;
      }
      rest = `/${places.nameOf(at)}${rest}`;
      count += 1;
    }
  }
}
