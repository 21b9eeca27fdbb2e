import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';

/** A path with its links followed; where nothing is there yet, those of the folders above it. */
export async function realPlace(path: string): Promise<string> {
  const above = dirname(path);
  return realpath(path).catch(async () =>
    above === path ? path : join(await realPlace(above), basename(path)),
  );
}

/** Whether a path lies in a folder, by where links lead. */
export async function isInside(path: string, folder: string): Promise<boolean> {
  const [real, root] = await Promise.all([realPlace(path), realPlace(folder)]);
  const way = relative(root, real);
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}
