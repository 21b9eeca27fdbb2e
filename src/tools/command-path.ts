import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, relative } from 'node:path';

/** Where a command may be looked for. `cwd` is the folder the user stands in, `home` their own. */
export interface CommandSearch {
  readonly path: string;
  readonly cwd: string;
  readonly home: string;
}

/**
 * The absolute path of a command on PATH, or undefined. Relative and empty PATH entries count for nothing, and
 * neither does a folder at or below the working directory, or a `node_modules/.bin` of it or of a
 * folder above it: the author of a project must not choose our tools.
 * (A working directory that is home, or holds it, says nothing about who wrote what is below.)
 */
export function findCommand(command: string, search: CommandSearch): string | undefined {
  if (isAbsolute(command)) return isProgram(command) ? command : undefined;
  if (command === '' || command.includes('/')) return undefined;
  for (const folder of search.path.split(delimiter)) {
    if (!isAbsolute(folder) || isOfTheProject(folder, search)) continue;
    const candidate = join(folder, command);
    if (isProgram(candidate)) return candidate;
  }
  return undefined;
}

function isOfTheProject(folder: string, search: CommandSearch): boolean {
  const cwd = realPath(search.cwd);
  const real = realPath(folder);
  // `npm run` puts these on PATH, of the project and of each folder above it.
  if (/[\\/]node_modules[\\/]\.bin$/.test(folder) && isInside(cwd, join(folder, '..', '..')))
    return true;
  if (real === cwd) return true;
  return isInside(real, cwd) && !isInside(realPath(search.home), cwd) && cwd !== '/';
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
