import type { TarEntry } from '../model/tar.ts';
import { fileName, parentPath } from './root-path.ts';

/** Kind of an entry in a path list: file, directory, symbolic link, hard link, whiteout, opaque directory, other. */
export type PathKind = 'f' | 'd' | 'l' | 'h' | 'w' | 'o' | 'x';

export interface ListedPath {
  readonly kind: PathKind;
  /** Bytes, for files. */
  readonly size: number;
  readonly path: string;
}

const KINDS: Readonly<Record<TarEntry['type'], PathKind>> = {
  file: 'f',
  directory: 'd',
  symlink: 'l',
  hardlink: 'h',
  char: 'x',
  block: 'x',
  fifo: 'x',
  other: 'x',
};

const WHITEOUT = '.wh.';
const OPAQUE = '.wh..wh..opq';

/**
 * The kind and the path that an entry speaks of: a whiteout stands for the name it removes, an opaque marker for its
 * folder (OCI image-spec, layer.md, "Whiteouts"). Undefined for names of the storage driver itself (`.wh..wh.plnk`).
 */
export function listedPath(path: string, entry: TarEntry): ListedPath | undefined {
  const slash = path.lastIndexOf('/');
  const name = path.slice(slash + 1);
  if (!name.startsWith(WHITEOUT))
    return { kind: KINDS[entry.type], size: entry.type === 'file' ? entry.size : 0, path };
  const folder = path.slice(0, Math.max(0, slash));
  if (name === OPAQUE) return { kind: 'o', size: 0, path: folder };
  if (name.startsWith('.wh..wh.') || name === WHITEOUT) return undefined;
  const removed = name.slice(WHITEOUT.length);
  return { kind: 'w', size: 0, path: folder === '' ? removed : `${folder}/${removed}` };
}

/**
 * Writes paths into one string: a line each of kind, the number of characters it shares with the line before (base 36),
 * size (base 36) and the rest of the path; a line end in a path is written as NUL, which no path holds.
 */
export class PathListWriter {
  private readonly lines: string[] = [];
  private last = '';

  add({ kind, size, path }: ListedPath): void {
    const limit = Math.min(path.length, this.last.length);
    let shared = 0;
    while (shared < limit && path.charCodeAt(shared) === this.last.charCodeAt(shared)) shared += 1;
    const rest = path.slice(shared).replaceAll('\n', '\0');
    this.lines.push(`${kind}${shared.toString(36)} ${size === 0 ? '' : size.toString(36)} ${rest}`);
    this.last = path;
  }

  finish(): string {
    return this.lines.join('\n');
  }
}

/** One path of a list, `name` being its last part. While the folder is the same it is the same string, told without a look at it. */
export type VisitPath = (kind: PathKind, size: number, folder: string, name: string) => void;

/** Reads what PathListWriter wrote. 100,000 paths are made into a tree each time an image is judged: most are of the folder before. */
export function readPathList(text: string, visit: VisitPath): void {
  let folder = '';
  let name = '';
  let start = 0;
  while (start < text.length) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    let at = start + 1;
    let shared = 0;
    for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, ++at))
      shared = shared * 36 + digit;
    let size = 0;
    for (let digit = digitAt(text, ++at); digit >= 0; digit = digitAt(text, ++at))
      size = size * 36 + digit;
    const rest = withLineEnds(text.slice(at + 1, end));
    const nameAt = folder === '' ? 0 : folder.length + 1;
    if (shared >= nameAt && !rest.includes('/')) name = name.slice(0, shared - nameAt) + rest;
    else {
      const path = (folder === '' ? name : `${folder}/${name}`).slice(0, shared) + rest;
      folder = parentPath(path);
      name = fileName(path);
    }
    visit(text.charAt(start) as PathKind, size, folder, name);
    start = end + 1;
  }
}

/** The digit to the base 36 that stands at a place; -1 where none does. */
function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x7a ? code - 0x57 : -1;
}

function withLineEnds(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\n') : text;
}
