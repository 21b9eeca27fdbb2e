import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UserError } from '../model/errors.ts';

/**
 * Throws UserError for a file that could not be written when all is done: its folder is not there or takes nothing, or a folder has its name.
 * Devices and pipes are written to as they are.
 */
export async function requireWritable(
  cwd: string,
  files: readonly (string | undefined)[],
): Promise<void> {
  for (const file of files) {
    // `-` is stdout.
    if (file === undefined || file === '' || file === '-') continue;
    const why = await obstacle(resolve(cwd, file));
    if (why !== undefined)
      throw new UserError(`${file} cannot be written: ${why}`, {
        nextStep: 'nothing was built; name another file, or make the folder',
      });
  }
}

async function obstacle(path: string): Promise<string | undefined> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory() === true) return 'it is a folder';
  if (there !== undefined && !there.isFile()) return undefined;
  const folder = dirname(path);
  const above = await stat(folder).catch(() => undefined);
  if (above === undefined) return `the folder ${folder} is not there`;
  if (!above.isDirectory()) return `${folder} is no folder`;
  return access(folder, constants.W_OK).then(
    () => undefined,
    () => `nothing can be written to ${folder}`,
  );
}

/** The files of reports; badges are a folder, which is made. */
export function reportFiles(
  reports: readonly { readonly format: string; readonly file?: string }[],
): readonly (string | undefined)[] {
  return reports.map(({ format, file }) => (format === 'badges' ? undefined : file));
}
