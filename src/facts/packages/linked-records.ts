import type { Digest } from '../../model/digest.ts';
import type { FileTree } from '../filesystem/file-tree.ts';
import { type Place, tooMuch } from '../filesystem/place.ts';
import {
  DATABASES,
  mayBeDatabase,
  mayBeRecord,
  readerOf,
  RECORD_FOLDERS,
} from './record-readers.ts';

/**
 * Path parts needed to recognize a record of a language package: `node_modules/@a/b/package.json`.
 */
const MOST_PARTS = 4;
/** Folders in which a file is a record of a language's package. */
const RECORD_FOLDER =
  /^(?:node_modules|specifications|composer|EGG-INFO)$|\.(?:dist-info|egg-info|egg)$/;
/** Paths that are tried in all: links to each other could give any number. */
const MOST_PATHS = 1_000_000;

/** By layer: files that record packages by a path over links, and the path that programs use. */
type LinkedRecords = ReadonlyMap<Digest, Readonly<Record<string, string>>>;

/**
 * Finds the records that a program in the container would find and that their own path does not
 * show: a database whose file or folder is reached by a symbolic link (`var/lib/dpkg ->
 * /opt/dpkg`), or that has another name as well (a hard link).
 */
export function linkedRecords(tree: FileTree): LinkedRecords {
  const found = new Map<Digest, Record<string, string>>();
  /** True where the path makes the file a record that its own path does not. */
  const add = (file: Place, path: string): boolean => {
    const reader = readerOf(path);
    const own = file.path;
    if (file.kind !== 'f' || reader === undefined || reader === readerOf(own)) return false;
    const records = found.get(file.layer) ?? (Object.create(null) as Record<string, string>);
    records[own] ??= path;
    found.set(file.layer, records);
    return true;
  };
  const fileAt = (path: string): Place | undefined => tree.find(path, true)?.inode;
  for (const path of DATABASES) {
    const file = fileAt(path);
    if (file !== undefined) add(file, path);
  }
  const folders = new Map(RECORD_FOLDERS.map((path) => [tree.find(path, true), path]));
  folders.delete(undefined);
  const names = new OtherNames(tree);
  const look = (file: Place): void => {
    // What is a record already is checked again only where it may be a database too.
    if (readerOf(file.path) !== undefined && !names.mayBeDatabase(file)) return;
    for (const path of names.pathsOf(file, 0)) if (add(file, path)) return;
  };
  for (const file of names.files) look(file);
  for (const place of tree.places()) {
    const folder = folders.get(place.folder);
    if (folder !== undefined) {
      const file = fileAt(place.path);
      if (file !== undefined) add(file, `${folder}/${place.name}`);
    }
    if (place.kind === 'f' && names.mayBeFound(place)) look(place);
  }
  return found;
}

/** What links of both kinds call the files and folders of a tree. */
class OtherNames {
  readonly #links = new Map<Place, Place[]>();
  /** Files that have a name more. */
  readonly files = new Set<Place>();
  #tried = 0;

  constructor(tree: FileTree) {
    const others: (readonly [Place, Place])[] = [];
    for (const place of tree.places()) {
      const { kind } = place;
      if (kind !== 'l' && kind !== 'h') continue;
      const led = (kind === 'l' ? tree.find(place.path, true) : place)?.inode;
      if (led === undefined) continue;
      if (led.kind !== 'd') {
        if (!hasName(place, mayBeRecord)) continue;
        this.files.add(led);
      } else if (!isAbove(place, ({ name }) => RECORD_FOLDER.test(name))) {
        others.push([led, place]);
        continue;
      }
      this.#add(led, place);
    }
    // A link in what such a link points to.
    for (const [led, place] of others)
      if (isAbove(place, (above) => this.#links.has(above))) this.#add(led, place);
  }

  #add(led: Place, place: Place): void {
    const known = this.#links.get(led);
    if (known === undefined) this.#links.set(led, [place]);
    else known.push(place);
  }

  /** True for a file whose name may be that of a record, in a folder that a link points to. */
  mayBeFound(file: Place): boolean {
    return hasName(file, mayBeRecord) && isAbove(file.folder, (above) => this.#links.has(above));
  }

  /** True where a file, or a link to it, has the name of a distribution's database. */
  mayBeDatabase(file: Place): boolean {
    return [file, ...(this.#links.get(file) ?? [])].some((one) => hasName(one, mayBeDatabase));
  }

  /** Paths over links to a place that differ in their last parts, of which `parts` are known. */
  *pathsOf(place: Place | undefined, parts: number): Generator<string> {
    let rest = '';
    let count = parts;
    for (let at = place; at !== undefined && count < MOST_PARTS; at = at.folder) {
      for (const link of this.#links.get(at) ?? []) {
        if ((this.#tried += 1) > MOST_PATHS)
          throw tooMuch(MOST_PATHS, 'paths over links to records of packages');
        yield `${link.path}${rest}`;
        for (const path of this.pathsOf(link.folder, count + 1))
          yield `${path}/${link.name}${rest}`;
      }
      rest = `/${at.name}${rest}`;
      count += 1;
    }
  }
}

/** True where the last parts of a place's path have one that is such. */
function isAbove(place: Place | undefined, is: (above: Place) => boolean): boolean {
  for (let at = place, parts = 1; at !== undefined && parts < MOST_PARTS; at = at.folder) {
    if (is(at)) return true;
    parts += 1;
  }
  return false;
}

function hasName(
  { name, folder }: Place,
  isSuch: (name: string, folder: string) => boolean,
): boolean {
  return isSuch(name, folder?.name ?? '');
}
