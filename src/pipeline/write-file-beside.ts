import { chmod, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { messageOf, UserError } from '../model/errors.ts';

/**
 * Writes beside, then renames, so that a reader never sees half a file. A device or pipe (`/dev/stderr`) is written to as it
 * is, a link stays one, and a file keeps its mode. Throws UserError where it cannot be written.
 */
export async function writeFileBeside(path: string, text: string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined);
    if (there !== undefined && !there.isFile()) {
      await writeFile(path, text);
      return;
    }
    await replaceFile(there === undefined ? path : await realpath(path), text, there?.mode);
  } catch (cause) {
    throw new UserError(`${path} could not be written: ${messageOf(cause)}`, { cause });
  }
}

async function replaceFile(path: string, text: string, mode: number | undefined): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(beside, text);
    if (mode !== undefined) await chmod(beside, mode & 0o7777);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
