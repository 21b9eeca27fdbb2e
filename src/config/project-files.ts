// eslint-disable-next-line no-restricted-imports -- calls the atomic writer; a device or pipe is written as it is
import { access, constants, lstat, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { replaceFile, temporaryPath } from '../image/disk.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import type { ReportRequest } from '../model/report.ts';
import { isInside, realPlace, repositoryOf } from './find-settings.ts';

/**
 * Where a file really lies that is about to be written. The author of a project (a git repository,
 * else `folder`) made the links in it. So the file itself must not be a link there, and no folder
 * may point out of the project or into its `.git`. Elsewhere links are the user's own. Throws
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
  const names = relative(await realPlace(project), to).split(sep);
  const isOfGit = names.some((name) => name.toLowerCase() === '.git');
  if (isOfGit || !(await isInside(to, project)))
    throw new UserError(`${at} is a link that leads out of the project`, { nextStep });
  if (isFile) throw new UserError(`${at} is a link, and is not written`, { nextStep });
  return to;
}

/** The project that a folder is in; undefined for a place of the user's own, the home above all. */
async function projectOf(at: string, folder: string): Promise<string | undefined> {
  const repository = await repositoryOf(at);
  if (repository !== undefined) return repository;
  const isIn = (await isInside(at, folder)) && !(await isInside(homedir(), folder));
  return isIn ? folder : undefined;
}

/**
 * Writes beside, then renames, so that a reader never sees half a file. A device or pipe
 * (`/dev/stderr`) and a file with several names are written in place. The mode stays and, where we
 * may, the owner of an existing file; `mode` is that of a new one. Throws UserError where it cannot
 * be written, and for a link of the project or of `folder`.
 */
export async function writeFileBeside(
  path: string,
  text: string | Uint8Array,
  mode = 0o666,
  folder?: string,
): Promise<void> {
  const place = await fileToWrite(path, folder);
  try {
    const there = await stat(path).catch(() => undefined);
    // Of a file with several names, a new one would leave the others with the old text.
    if (there !== undefined && (!there.isFile() || there.nlink > 1)) {
      await writeFile(path, text);
      return;
    }
    const options = { mode, before: there, sync: true };
    await replaceFile(place, (file) => file.writeFile(text), options);
  } catch (cause) {
    throw new UserError(`${path} could not be written: ${messageOf(cause)}`, { cause });
  }
}

export async function makeFolder(path: string, mode?: number): Promise<void> {
  await folderToWrite(path);
  await makeFolders(path, { mode }).catch((cause: unknown) => {
    throw new UserError(`${path} could not be made: ${messageOf(cause)}`, { cause });
  });
}

/** Removes a file that is to be written again; a device, a pipe and a link (`/dev/stderr`) stay. */
export async function forgetFile(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile() && !there.isDirectory()) return;
  await rm(path, { force: true });
}

interface FileToWrite {
  readonly path: string;
  readonly text: string;
}

/** Writes all files below a root or none; no link. Throws UserError where nothing was written. */
export async function writeFilesTogether(
  root: string,
  files: readonly FileToWrite[],
): Promise<void> {
  const made: string[] = [];
  const written: { readonly at: string; readonly beside: string }[] = [];
  try {
    for (const { path, text } of files) {
      const at = await fileToWrite(join(root, path), root);
      const folder = await makeFolders(dirname(at));
      if (folder !== undefined) made.push(folder);
      const found = await lstat(at).catch(() => undefined);
      if (found?.isFile() === false) throw new Error(`${path} is not a file`);
      const beside = temporaryPath(dirname(at));
      written.push({ at, beside });
      await writeFile(beside, text, { flag: 'wx' });
    }
  } catch (cause) {
    for (const { beside } of written) await rm(beside, { force: true });
    for (const folder of made.toReversed()) await rm(folder, { recursive: true, force: true });
    throw new UserError(`nothing was written: ${messageOf(cause)}`, { cause });
  }
  // In one folder, over files: nothing is left that could fail.
  for (const { at, beside } of written) await rename(beside, at);
}

/** Throws UserError for a file that could not be written at the end; skips those in `made`. */
export async function requireWritable(
  cwd: string,
  files: readonly (string | undefined)[],
  made: readonly string[] = [],
): Promise<void> {
  const folders = made.map((folder) => `${resolve(cwd, folder)}${sep}`);
  for (const file of files) {
    // `-` is stdout.
    if (file === undefined || file === '' || file === '-') continue;
    const path = resolve(cwd, file);
    if (folders.some((folder) => path.startsWith(folder))) continue;
    const why = await obstacle(path, await fileToWrite(path, cwd));
    if (why !== undefined)
      throw new UserError(`${file} cannot be written: ${why}`, {
        nextStep: 'nothing was built; name another file, or make the folder',
      });
  }
}

async function obstacle(path: string, place: string): Promise<string | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true) return 'it is a folder';
  if (there !== undefined && !there.isFile()) return undefined;
  const folder = dirname(place);
  const above = await stat(folder).catch(() => undefined);
  if (above === undefined) return `${folder}: no such folder`;
  if (!above.isDirectory()) return `${folder} is not a folder`;
  return access(folder, constants.W_OK).then(
    () => undefined,
    () => `nothing can be written to ${folder}`,
  );
}

export function isBadgeFolder({ format, file }: ReportRequest): boolean {
  return format === 'badges' && file !== undefined && !file.endsWith('.md');
}

/** Report files that must be writable beforehand; those in a badge folder come after it is made. */
export function reportFiles(reports: readonly ReportRequest[]): readonly string[] {
  const folders: string[] = [];
  const files: string[] = [];
  for (const request of reports) {
    const { file = '' } = request;
    if (isBadgeFolder(request)) folders.push(`${resolve(file)}${sep}`);
    else if (!folders.some((folder) => resolve(file).startsWith(folder))) files.push(file);
  }
  return files;
}

/** True for a folder, also through links; false for what is missing or cannot be read. */
export function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
