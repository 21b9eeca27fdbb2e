import type { FileFact, FileFacts } from '../../model/facts.ts';
import { byCodeUnit } from '../../model/order.ts';
import type { FileAttributes } from '../layer-facts.ts';
import type { FileTree } from './file-tree.ts';
import type { Place } from './place.ts';

/** Files of a list that are kept once made: a million take 300 MB; images have a few thousand. */
const MOST_KEPT = 50_000;

/** Files at the places, by path. A symbolic link must lead to a known file or out of the image. */
export function placedFiles(
  tree: FileTree,
  ids: readonly number[],
  mostKept = MOST_KEPT,
): FileFacts {
  return ids.length > mostKept
    ? new MadeFiles(tree, tree.inOrder(ids))
    : ids.map((id) => factOf(tree, tree.at(id))).sort((a, b) => byCodeUnit(a.path, b.path));
}

class MadeFiles implements FileFacts {
  readonly #tree: FileTree;
  readonly #ids: Int32Array;

  constructor(tree: FileTree, ids: Int32Array) {
    this.#tree = tree;
    this.#ids = ids;
  }

  get length(): number {
    return this.#ids.length;
  }

  *[Symbol.iterator](): Generator<FileFact> {
    for (const id of this.#ids) yield factOf(this.#tree, this.#tree.at(id));
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

function factOf(tree: FileTree, place: Place): FileFact {
  const led = tree.ledTo(place);
  if (led === 'outside') return linkFact(place, `${place.link}, which leads out of the image`);
  const content = led?.content;
  const attributes = content?.attributes;
  if (content === undefined || attributes === undefined)
    throw new Error('a file that is reported has no content');
  return place.kind === 'l'
    ? { ...linkFact(place, content.path), ...ofContent(attributes) }
    : fileFact(place, content, attributes);
}

function fileFact(place: Place, content: Place, attributes: FileAttributes): FileFact {
  // The inode is one: a hard link has the mode, owner and attributes of the file it shares.
  const { mode, uid, gid, capabilities } = attributes;
  return {
    path: place.path,
    type: place.kind === 'h' ? 'hardlink' : 'file',
    mode,
    uid,
    gid,
    size: content.size,
    layer: place.layer,
    ...ofContent(attributes),
    ...(capabilities === undefined ? {} : { capabilities }),
  };
}

function linkFact(place: Place, resolved: string): FileFact {
  const { mode = 0o777, uid = 0, gid = 0 } = place.attributes ?? {};
  const { path, layer } = place;
  return { path, type: 'symlink', mode, uid, gid, size: 0, resolved, layer };
}

/** Fields that describe the bytes, whatever name leads to them. */
function ofContent({ executable, multicall, shell }: FileAttributes): Partial<FileFact> {
  return {
    ...(executable === undefined ? {} : { executable }),
    ...(multicall === undefined ? {} : { multicall }),
    ...(shell === undefined ? {} : { shell }),
  };
}
