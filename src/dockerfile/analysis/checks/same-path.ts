import { baseName } from '../../shell/wrappers.ts';

/** True where two paths name one file: equal, or the same name where a folder is not known. */
export function samePath(a: string, b: string): boolean {
  if (a === '' || b === '') return false;
  if (a.startsWith('/') && b.startsWith('/')) return a === b;
  return baseName(a) === baseName(b) && baseName(a) !== '';
}
