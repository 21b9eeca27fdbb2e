/** A file and the package of the distribution that brought it, as that package's own database says. */
export interface OwnedFile {
  readonly owner: string;
  /** With or without a leading slash. */
  readonly path: string;
}

/** Endings of files that record packages, and of libraries; records and programs without an ending have no dot in their name. */
const ENDING = /\.(?:so[\d.]*|exe|dll|json|gemspec|egg-info|[jw]ar|ear)$/;

/** True where it matters which package brought a file: it may record packages of its own. Lists name 100 others for each of these. */
export function isOwnable(path: string): boolean {
  const dot = path.lastIndexOf('.');
  return dot <= path.lastIndexOf('/') || ENDING.test(path);
}

/** One spelling of a path: distributions that merged /usr list files by both (`/bin/x` is `usr/bin/x`). */
function keyOf(path: string): string {
  return path.replace(/^\/+/, '').replace(/^usr\/(?=(?:s?bin|lib(?:32|64|x32)?)\/)/, '');
}

/** PATH_MAX of Linux. */
const LONGEST_PATH = 4096;
/** Characters of all paths, and what an entry costs besides: a hundred times what large images take. */
const MOST_HELD = 64 * 1024 * 1024;
const ENTRY_COST = 64;

/** Which package brought a file, of the files that matter. */
export class Ownership {
  readonly #owners = new Map<string, string>();
  #left = MOST_HELD;

  /** False where the files are more than are held: a small list can name a long folder for each of a million names. */
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
