/** A file, and the distribution's package that brought it, according to that package's database. */
export interface OwnedFile {
  readonly owner: string;
  /** With or without a leading slash. */
  readonly path: string;
}

/**
 * Endings of libraries and of files that record packages; records and programs without an ending
 * have no dot in their name.
 */
const ENDING = /\.(?:so[\d.]*|exe|dll|json|gemspec|egg-info|[jw]ar|ear)$/;

/**
 * True where it matters which package brought a file, which may record packages. Lists name 100
 * other files for each of these.
 */
export function isOwnable(path: string): boolean {
  const dot = path.lastIndexOf('.');
  return dot <= path.lastIndexOf('/') || ENDING.test(path);
}

/** One spelling of a path: a distribution with a merged /usr lists `/bin/x` or `usr/bin/x`. */
function keyOf(path: string): string {
  return path.replace(/^\/+/, '').replace(/^usr\/(?=(?:s?bin|lib(?:32|64|x32)?)\/)/, '');
}

/** PATH_MAX of Linux. */
const LONGEST_PATH = 4096;
/** Characters of all paths, and the extra cost of an entry: 100 times what large images need. */
const MOST_HELD = 64 * 1024 * 1024;
const ENTRY_COST = 64;

/** Which package brought a file, of the files that matter. */
export class Ownership {
  readonly #owners = new Map<string, string>();
  #left = MOST_HELD;

  /** False for more files than it keeps: a small list can name a million files in a long folder. */
  add(files: Iterable<OwnedFile>): boolean {
    for (const { owner, path } of files) {
      if (path.length > LONGEST_PATH || !isOwnable(path)) continue;
      this.#left -= path.length + ENTRY_COST;
      if (this.#left < 0) return false;
      this.#owners.set(keyOf(path), owner);
    }
    return true;
  }

  ownerOf(path: string): string | undefined {
    return this.#owners.get(keyOf(path));
  }
}
