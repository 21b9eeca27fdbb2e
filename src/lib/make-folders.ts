import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and its missing parents. Returns the first that it made, or undefined. Node's own
 * `recursive` loops for ever below /proc, where the error of an invalid name is that of a missing
 * parent.
 */
export async function makeFolders(
  path: string,
  options: { readonly mode?: number | undefined } = {},
): Promise<string | undefined> {
  try {
    await mkdir(path, options);
    return path;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && dirname(path) !== path) {
      const first = await makeFolders(dirname(path), options);
      await mkdir(path, options).catch((again: unknown) => {
        refused(again, path);
      });
      return first ?? path;
    }
    // It exists, or is a file: then Node's own error is right.
    await mkdir(path, { ...options, recursive: true }).catch((again: unknown) => {
      // Node's own says "not found" of a read-only file system.
      throw code === 'EROFS' ? error : again;
    });
    return undefined;
  }
}

/** With an existing parent, "not found" means that this file system does not allow the name. */
function refused(error: unknown, path: string): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return;
  if (code !== 'ENOENT') throw error;
  const message = `${path}: this file system does not take new folders`;
  throw Object.assign(new Error(message, { cause: error }), { code: 'EROFS' });
}
