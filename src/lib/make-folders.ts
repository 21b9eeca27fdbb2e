import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and its missing parents, and gives the first that it made, or undefined where all
 * were there. Node's own `recursive` never ends below /proc, which says of a name that it does not
 * take what others say of a missing parent.
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
    // It is there already, or a file is: the latter is said as it is by Node.
    await mkdir(path, { ...options, recursive: true });
    return undefined;
  }
}

/** With its parent there, a name that is "not found" is one that this file system does not take. */
function refused(error: unknown, path: string): void {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST') return;
  if (code !== 'ENOENT') throw error;
  const message = `${path}: this file system does not take new folders`;
  throw Object.assign(new Error(message, { cause: error }), { code: 'EROFS' });
}
