import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { messageOf, UserError } from '../model/errors.ts';

/**
 * Writes beside, then renames, so that a reader never sees half a file. A device or pipe (`/dev/stderr`) is written to as it
 * is, and a link stays one. Throws UserError where it cannot be written.
 */
export async function writeFileBeside(path: string, text: string): Promise<void> {
  try {
    const there = await stat(path).catch(() => undefined);
    if (there !== undefined && !there.isFile()) {
      await writeFile(path, text);
      return;
    }
    await replaceFile(there === undefined ? path : await realpath(path), text);
  } catch (cause) {
    throw new UserError(`${path} could not be written: ${messageOf(cause)}`, { cause });
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const beside = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(beside, text);
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}
