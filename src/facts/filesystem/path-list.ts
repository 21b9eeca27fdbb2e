import { fileName, joined, parentPath } from '../../model/path.ts';

/** A place's kind: file, directory, symbolic link, hard link, whiteout, opaque directory, other. */
export type PathKind = 'f' | 'd' | 'l' | 'h' | 'w' | 'o' | 'x';

export interface ListedPath {
  readonly kind: PathKind;
  /** Bytes, for files. */
  readonly size: number;
  readonly path: string;
}

/**
 * Where a path list tells more of an entry than its path; -1 where it does not. To be read by
 * `attributesAt` and `linkAt`, when somebody asks: of a million entries few are ever asked for.
 */
export interface ListPlaces {
  readonly attributes: number;
  readonly link: number;
}

/**
 * One path of a list, `name` being its last part. While the folder is the same it is the same
 * string, so that nothing compares it. `places` is valid during the call only.
 */
type VisitPath = (
  kind: PathKind,
  size: number,
  folder: string,
  name: string,
  places: ListPlaces,
) => void;

/** Reads PathListWriter's output. Most paths are in the previous folder, which saves time. */
export function readPathList(text: string, visit: VisitPath): void {
  let folder = '';
  let name = '';
  let start = 0;
  const places = { attributes: -1, link: -1 };
  let link = -1;
  let known: number[] = [];
  while (start < text.length) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const kind = text.charAt(start);
    if (kind < 'a') {
      if (kind === 'A') known.push(start);
      else if (kind === 'Z') known = [];
      else link = start;
    } else {
      let at = start + 1;
      let shared = 0;
      for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, ++at))
        shared = shared * 36 + digit;
      let size = 0;
      for (let digit = digitAt(text, ++at); digit >= 0; digit = digitAt(text, ++at))
        size = size * 36 + digit;
      let number = -1;
      for (let digit = digitAt(text, ++at); digit >= 0; digit = digitAt(text, ++at))
        number = (number < 0 ? 0 : number * 36) + digit;
      const rest = withLineEnds(text.slice(at + 1, end));
      const nameAt = folder === '' ? 0 : folder.length + 1;
      if (shared >= nameAt && !rest.includes('/')) name = name.slice(0, shared - nameAt) + rest;
      else {
        const path = joined(folder, name).slice(0, shared) + rest;
        folder = parentPath(path);
        name = fileName(path);
      }
      places.attributes = number < 0 ? -1 : (known[number] ?? -1);
      places.link = kind === 'l' || kind === 'h' ? link : -1;
      visit(kind as PathKind, size, folder, name, places);
    }
    start = end + 1;
  }
}

/** The paths of a list's regular files. */
export function listedFiles(text: string): readonly string[] {
  const files: string[] = [];
  readPathList(text, (kind, _size, folder, name) => {
    if (kind === 'f') files.push(joined(folder, name));
  });
  return files;
}

/** The digit to the base 36 that stands at a place; -1 where none does. */
export function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  return code >= 0x61 && code <= 0x7a ? code - 0x57 : -1;
}

function withLineEnds(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '\n') : text;
}
