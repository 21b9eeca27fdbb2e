import { fileName } from '../../../model/path.ts';
import { pathIn } from '../../shell/shell-state.ts';

/** A copy by what it takes: the source without and with a slash after it, and text around a `*`. */
export interface Copy {
  readonly source: string;
  readonly within: string;
  readonly around: readonly [string, string] | undefined;
  readonly place: string;
  /** False where the place may be the file's own path. */
  readonly isFolder: boolean;
}

export function copyOf(from: string, to: string, folder: string): Copy {
  const source = pathIn('/', from);
  const star = source.indexOf('*');
  return {
    source,
    within: source === '/' ? '/' : `${source}/`,
    around:
      star < 0 ? undefined : [source.slice(0, star), source.slice(source.lastIndexOf('*') + 1)],
    place: pathIn(folder, to),
    // Without a slash it is a file, or in a folder that is there already.
    isFolder: star >= 0 || to.endsWith('/') || to === '.',
  };
}

/** Where a copied file ends up, alone or in a folder; empty where the copy does not contain it. */
function copiedTo(path: string, { source, within, around, place, isFolder }: Copy): string[] {
  if (path.startsWith('/') && path.startsWith(within))
    return [pathIn('/', `${place}/${path.slice(within.length)}`)];
  const isMatch =
    around === undefined
      ? samePath(source, path)
      : path.startsWith(around[0]) && path.endsWith(around[1]);
  if (!isMatch) return [];
  const inFolder = pathIn('/', `${place}/${fileName(path)}`);
  return isFolder ? [inFolder] : [place, inFolder];
}

/** Copies by what they take, so that a file is not held against each of thousands. */
export class Copies {
  readonly #bySource = new Map<string, Copy[]>();
  readonly #byName = new Map<string, Copy[]>();
  readonly #patterns: Copy[] = [];

  constructor(copies: readonly Copy[]) {
    for (const copy of copies)
      if (copy.around !== undefined) this.#patterns.push(copy);
      else {
        listAt(this.#byName, fileName(copy.source)).push(copy);
        listAt(this.#bySource, copy.source).push(copy);
      }
  }

  /** Paths at which the file lies behind them too. */
  *of(path: string): Generator<string> {
    for (const source of [path, ...foldersOf(path)])
      for (const copy of this.#bySource.get(source) ?? []) yield* copiedTo(path, copy);
    for (const copy of this.#byName.get(fileName(path)) ?? [])
      if (copy.source !== path) yield* copiedTo(path, copy);
    for (const copy of this.#patterns) yield* copiedTo(path, copy);
  }
}

function listAt(map: Map<string, Copy[]>, key: string): Copy[] {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made: Copy[] = [];
  map.set(key, made);
  return made;
}

/** The folders that an absolute path stands in, the nearest first. */
function foldersOf(path: string): readonly string[] {
  if (!path.startsWith('/') || path === '/') return [];
  const folders: string[] = [];
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
    folders.push(path.slice(0, end));
  return [...folders, '/'];
}

const ROOT = /^\$\{?(\w+)\}?\//;

/** True where two paths name one file: equal, or the same name where a folder is not known. */
export function samePath(a: string, b: string): boolean {
  if (a === '' || b === '') return false;
  if (a.startsWith('/') && b.startsWith('/')) return a === b;
  // Below two folders by other names.
  const [one, other] = [ROOT.exec(a)?.[1], ROOT.exec(b)?.[1]];
  if (one !== undefined && other !== undefined && one !== other) return false;
  return fileName(a) === fileName(b) && fileName(a) !== '';
}
