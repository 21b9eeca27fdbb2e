import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { UserError } from '../model/errors.ts';
import type { ReportRequest } from '../model/report.ts';
import { fileToWrite } from './place-to-write.ts';

/**
 * Throws UserError for a file that could not be written when all is done: its folder is not there
 * or takes nothing, or a folder has its name. Devices and pipes are written to as they are. What is
 * in one of the folders `made` is left alone: outputs make those.
 */
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

/** True for a report that is a folder, which is made. */
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

/** True for a folder, over links too; false for what is not there or cannot be read. */
export function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
