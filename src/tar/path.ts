/**
 * The safe form of an entry's name: relative to the image's root, `.` and `..` resolved, no leading
 * or trailing slash; '' for the root itself. Undefined where the name leads out of the root or
 * holds a NUL.
 */
export function layerPath(name: string): string | undefined {
  if (isPlain(name)) return name;
  if (name.includes('\0')) return undefined;
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join('/');
}

const SLASH = 47;
const DOT = 46;

/** True where nothing is to be changed: the common case, decided without splitting. */
function isPlain(name: string): boolean {
  let start = true;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code === 0 || (start && (code === SLASH || code === DOT))) return false;
    start = code === SLASH;
  }
  return !start;
}
