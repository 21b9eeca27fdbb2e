import { lstat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, sep } from 'node:path';
import { repositoryOf } from '../config/find-settings.ts';
import { isInside, realPlace } from '../config/inside.ts';
import { UserError } from '../model/errors.ts';

/**
 * Where a file really lies that is about to be written. In a project (a git repository, else
 * `folder`) the file itself must not be a link, and no folder may lead out of the project or into
 * its `.git`: whoever wrote the project made the links. Elsewhere links are the user's own. Throws
 * UserError. `path` is absolute.
 */
export function fileToWrite(path: string, folder = process.cwd()): Promise<string> {
  return placeOf(path, folder, true);
}

/** The same for a folder that files are written to: it may be a link within the project. */
export function folderToWrite(path: string, folder = process.cwd()): Promise<string> {
  return placeOf(path, folder, false);
}

async function placeOf(path: string, folder: string, isFile: boolean): Promise<string> {
  const above = dirname(path);
  if (above === path) return path;
  const at = join(await placeOf(above, folder, false), basename(path));
  const found = await lstat(at).catch(() => undefined);
  if (found?.isSymbolicLink() !== true) return at;
  const to = await realPlace(at);
  const project = await projectOf(dirname(at), folder);
  if (project === undefined) return to;
  const nextStep = `if you mean it, name ${to} itself`;
  if (!(await isInside(to, project)) || isOfGit(relative(await realPlace(project), to)))
    throw new UserError(`${at} is a link that leads out of the project`, { nextStep });
  if (isFile) throw new UserError(`${at} is a link, and is not written`, { nextStep });
  return to;
}

function isOfGit(way: string): boolean {
  return way.split(sep).some((name) => name.toLowerCase() === '.git');
}

/** The project that a folder is in; undefined for a place of the user's own, the home above all. */
async function projectOf(at: string, folder: string): Promise<string | undefined> {
  const repository = await repositoryOf(at);
  if (repository !== undefined) return repository;
  const isIn = (await isInside(at, folder)) && !(await isInside(homedir(), folder));
  return isIn ? folder : undefined;
}
