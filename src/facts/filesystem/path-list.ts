import type { FileAttributes, LayerFacts } from '../layer-facts.ts';
import { type PathKind, type Place, tooMuch } from './place.ts';

/** A line of a list. */
interface ListedPlace {
  /** Folders that it is in: one in the root has 0. */
  readonly depth: number;
  readonly kind: PathKind;
  readonly size: number;
  readonly attributes: FileAttributes | undefined;
  readonly name: string;
  /** Of a symbolic link its text, of a hard link the number of the line whose content it shares. */
  readonly link: string;
}

type PathList = Pick<LayerFacts, 'paths' | 'attributes'>;

/** Characters of a list: a string may have twice as many. */
const MOST_TEXT = 2 ** 28;
/** Lines joined at once: a million strings of one line would take five times their text. */
const BLOCK_LINES = 4096;
/** Names have no slash and no NUL. A line end in a name or a link is written as NUL. */
const LINE = /(\d+)([a-z])(\d*) (\d*) ([^/\n]*)(?:\/([^\n]*))?\n/y;

/**
 * Writes what is below the root as text, a line each, folders before what they contain: depth,
 * kind, size, number in `attributes`, name, and after a slash the link. Of names that share a file,
 * the first is written as the file, the others are hard links to its line.
 */
export function writePathList(root: Place): PathList {
  const places = [...root.below()];
  const lines = new Map<Place, number>();
  const shared = new Set(places.flatMap(({ target }) => target ?? []));
  for (const [line, place] of places.entries())
    if (shared.has(place.inode) && (place === place.inode || !lines.has(place.inode)))
      lines.set(place.inode, line);
  const attributes: FileAttributes[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (one: FileAttributes): number => {
    const key = JSON.stringify(one);
    const number = numbers.get(key) ?? attributes.push(one) - 1;
    numbers.set(key, number);
    return number;
  };
  const blocks: string[] = [];
  let block: string[] = [];
  let length = 0;
  const depths = new Map([[root, 0]]);
  for (const [line, place] of places.entries()) {
    const { inode, name, folder } = place;
    const depth = depths.get(folder ?? root) ?? 0;
    if (place.children !== undefined) depths.set(place, depth + 1);
    const first = lines.get(inode) ?? line;
    const known = inode.attributes;
    const more =
      inode.kind === 'f' && first !== line
        ? `h  ${name}/${first}`
        : `${inode.kind}${inode.size || ''} ${known === undefined ? '' : numberOf(known)} ${name}${inode.kind === 'l' ? `/${inode.link}` : ''}`;
    const text = `${depth}${more.includes('\n') ? more.replaceAll('\n', '\0') : more}\n`;
    length += text.length;
    if (length > MOST_TEXT) throw tooMuch(MOST_TEXT, 'characters of names and links');
    if (block.push(text) < BLOCK_LINES) continue;
    blocks.push(block.join(''));
    block = [];
  }
  return { paths: blocks.join('') + block.join(''), attributes };
}

/** The lines of a list that `writePathList` made. */
export function* readPathList({ paths, attributes }: PathList): Generator<ListedPlace> {
  const line = new RegExp(LINE);
  for (let found = line.exec(paths); found !== null; found = line.exec(paths)) {
    const [, depth, kind, size, number, name = '', link = ''] = found;
    yield {
      depth: Number(depth),
      kind: kind as PathKind,
      size: Number(size),
      attributes: number === '' ? undefined : attributes[Number(number)],
      name: withLineEnds(name),
      link: withLineEnds(link),
    };
  }
}

/** The paths of a layer's regular files. */
export function listedFiles(list: PathList): readonly string[] {
  const files: string[] = [];
  const folders: string[] = [];
  for (const { depth, kind, name } of readPathList(list)) {
    folders[depth] = name;
    if (kind === 'f') files.push(folders.slice(0, depth + 1).join('/'));
  }
  return files;
}

function withLineEnds(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\n') : text;
}
