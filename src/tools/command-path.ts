import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, relative } from 'node:path';

/** What a command search uses: PATH, the user's and the tool's working folders, the user's home. */
export interface CommandSearch {
  readonly path: string;
  readonly cwds: readonly string[];
  readonly home: string;
}

/**
 * The absolute path of a command on PATH, or undefined where no entry that counts has it.
 */
export function findCommand(command: string, search: CommandSearch): string | undefined {
  if (isAbsolute(command)) return isProgram(command) ? command : undefined;
  if (command === '' || command.includes('/')) return undefined;
  return foldersOf(search)
    .map((folder) => join(folder, command))
    .find(isProgram);
}

/**
 * The entries of PATH that count, for us and for what the tools start themselves. Relative and
 * empty ones do not, and neither does a folder of the project, or a `node_modules/.bin` of a folder
 * above it: the author of a project must not choose our tools. The project is the working
 * directory, or the nearest folder above it with a `.git`. (One that is home, or holds it, says
 * nothing about who wrote what is below.)
 */
export function foldersOf({ path, cwds, home }: CommandSearch): readonly string[] {
  const here = cwds.map(realPath);
  const projects = here
    .flatMap((cwd) => [cwd, repositoryOf(cwd) ?? cwd])
    .filter((folder) => folder !== '/' && !isInside(realPath(home), folder));
  return path.split(delimiter).filter((folder) => {
    if (!isAbsolute(folder)) return false;
    const real = realPath(folder);
    // `npm run` puts these on PATH, of the project and of each folder above it.
    const isOfNpm = /[\\/]node_modules[\\/]\.bin$/.test(folder);
    if (isOfNpm && here.some((cwd) => isInside(cwd, join(folder, '..', '..')))) return false;
    return !here.includes(real) && !projects.some((project) => isInside(real, project));
  });
}

function repositoryOf(folder: string): string | undefined {
  if (existsSync(join(folder, '.git'))) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : repositoryOf(above);
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
