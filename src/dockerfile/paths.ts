/** The folder that a path with a pattern in it begins with: `src/` of `src/*.ts`. */
export function folderOfPattern(path: string): string {
  return path.replace(/(?<![^/])[^/*?[]*[*?[].*/s, '');
}

/** A path with `.`, `..`, or a slash too many. */
const UNTIDY = /\/\.{0,2}(?:\/|$)|^\.{1,2}(?:\/|$)/;

/** Joins a path to the working directory, without `.` and `..`; relative if that is not known. */
export function pathIn(folder: string, path: string): string {
  const joined = path.startsWith('/') || folder === '' ? path : `${folder}/${path}`;
  if (!UNTIDY.test(joined)) return joined;
  const parts: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0) parts.pop();
    else if (part !== '..') parts.push(part);
  }
  return (joined.startsWith('/') ? '/' : '') + parts.join('/');
}
