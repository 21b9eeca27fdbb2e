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

/** Where distributions put programs; nothing that a user adds belongs there. */
export const SYSTEM_PROGRAM = /^(?:usr\/)?s?bin\/[^/]+$/;
const CODE = /\.(?:py|js|cjs|mjs|rb|php|p[lm]|so[\d.]*|jar|dll)$/;
/** Of one package: a thief of its record would have to take as much of its code. */
const MOST_FILES = 12;
/** Characters; those of large images have a twentieth of it. */
const MOST_SHOWN = 8 * 1024 * 1024;

export class PackageFiles {
  readonly #files = new Map<string, string[]>();
  #left = MOST_SHOWN;

  add(owner: string, path: string): void {
    // First: a path put together of a long folder costs its length when it is read.
    if (path.length > LONGEST_PATH) return;
    const key = path.replace(/^(?:\.?\/)+/, '');
    if (key === '' || /^(?:etc|var)\//.test(key)) return;
    const isProgram = SYSTEM_PROGRAM.test(key);
    const known = this.#files.get(owner);
    if (!isProgram && (!CODE.test(key) || (known?.length ?? 0) >= MOST_FILES)) return;
    if ((this.#left -= key.length + ENTRY_COST) < 0) return;
    if (known === undefined) this.#files.set(owner, [key]);
    else known.push(key);
  }

  finish(): Readonly<Record<string, readonly string[]>> {
    // A copy: a name cut out of a text would keep all of that text.
    return structuredClone(Object.fromEntries(this.#files));
  }
}

/** One spelling of a path: a distribution with a merged /usr lists `/bin/x` or `usr/bin/x`. */
export function keyOf(path: string): string {
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
  add(files: Iterable<OwnedFile>, shown: PackageFiles): boolean {
    for (const { owner, path } of files) {
      shown.add(owner, path);
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
