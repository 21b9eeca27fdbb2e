import type { FileFact, FileFacts } from '../../model/facts.ts';
import type { FileAttributes } from '../layer-facts.ts';
import type { FileTree } from './file-tree.ts';
import type { TreePlaces } from './tree-places.ts';
import { OUTSIDE } from './walk-path.ts';

/** Files of a list that are made once and kept. An object each for a million takes 300 MB; images have some thousand. */
const MOST_KEPT = 50_000;

/** The places' files by path; those of a symbolic link lead to a regular file that more is known of, or out of the image. */
export function placedFiles(
  tree: FileTree,
  places: readonly number[],
  mostKept = MOST_KEPT,
): FileFacts {
  return places.length > mostKept
    ? new MadeFiles(tree, tree.places.inOrder(places))
    : places.map((place) => factAt(tree, place)).sort(byPath);
}

function byPath(a: FileFact, b: FileFact): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

class MadeFiles implements FileFacts {
  readonly #tree: FileTree;
  readonly #places: Int32Array;

  constructor(tree: FileTree, places: Int32Array) {
    this.#tree = tree;
    this.#places = places;
  }

  get length(): number {
    return this.#places.length;
  }

  *[Symbol.iterator](): Generator<FileFact> {
    for (const place of this.#places) yield factAt(this.#tree, place);
  }

  map<T>(make: (file: FileFact) => T): T[] {
    return Array.from(this, make);
  }

  flatMap<T>(make: (file: FileFact) => T | readonly T[]): T[] {
    const made: T[] = [];
    for (const file of this) {
      const one = make(file);
      if (isList(one)) for (const item of one) made.push(item);
      else made.push(one);
    }
    return made;
  }

  filter(isWanted: (file: FileFact) => boolean): FileFact[] {
    return this.flatMap((file) => (isWanted(file) ? [file] : []));
  }

  find(isWanted: (file: FileFact) => boolean): FileFact | undefined {
    for (const file of this) if (isWanted(file)) return file;
    return undefined;
  }
}

function isList<T>(value: T | readonly T[]): value is readonly T[] {
  return Array.isArray(value);
}

function factAt(tree: FileTree, place: number): FileFact {
  const { places } = tree;
  const led = tree.ledTo(place);
  if (led === OUTSIDE)
    return linkFact(places, place, `${places.linkOf(place)}, which leads out of the image`);
  const content = places.contentOf(led);
  const attributes = places.attributesOf(content);
  if (attributes === undefined) throw new Error('a file of note has no content');
  return places.kindOf(place) === 'l'
    ? { ...linkFact(places, place, places.pathOf(content)), ...ofContent(attributes) }
    : fileFact(places, place, content, attributes);
}

function fileFact(
  places: TreePlaces,
  place: number,
  content: number,
  attributes: FileAttributes,
): FileFact {
  // The inode is one: a hard link has the mode, owner and attributes of the file it shares.
  const { mode, uid, gid, capabilities } = attributes;
  return {
    path: places.pathOf(place),
    type: places.kindOf(place) === 'h' ? 'hardlink' : 'file',
    mode,
    uid,
    gid,
    size: places.sizeOf(content),
    layer: places.layerOf(place),
    ...ofContent(attributes),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
}

function linkFact(places: TreePlaces, place: number, resolved: string): FileFact {
  const { mode = 0o777, uid = 0, gid = 0 } = places.attributesOf(place) ?? {};
  return {
    path: places.pathOf(place),
    type: 'symlink',
    mode,
    uid,
    gid,
    size: 0,
    resolved,
    layer: places.layerOf(place),
  };
}

/** Fields that describe the bytes, whatever name leads to them. */
function ofContent({
  executable,
  multicall,
  shell,
  interpreter,
}: FileAttributes): Partial<FileFact> {
  return {
    ...(executable === undefined ? {} : { executable }),
    ...(multicall === undefined ? {} : { multicall }),
    ...(shell === undefined ? {} : { shell }),
    ...(interpreter === undefined ? {} : { interpreter }),
  };
}
