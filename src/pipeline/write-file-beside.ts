import { lstat, rm, stat, writeFile } from 'node:fs/promises';
import { makeFolders } from '../lib/make-folders.ts';
import { messageOf, UserError } from '../model/errors.ts';
import { replaceFile } from '../oci/blobs/replace-file.ts';
import { fileToWrite, folderToWrite } from './place-to-write.ts';

/**
 * Writes beside, then renames, so that a reader never sees half a file. A device or pipe
 * (`/dev/stderr`) is written to as it is, and so is a file with several names; the mode stays and,
 * where we may, the owner of a file that was there. `mode` is that of a new one. Throws UserError
 * where it cannot be written, and for a link of the project or of `folder` (place-to-write.ts).
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

/** Makes a folder, and its missing parents. Throws UserError if that fails. */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  await folderToWrite(path);
  await makeFolders(path, { mode }).catch((cause: unknown) => {
    throw new UserError(`${path} could not be made: ${messageOf(cause)}`, { cause });
  });
}

/**
 * Removes a file that is to be written again. A device or pipe, which is written to as it is,
 * stays, and so does a link: `/dev/stderr` is one, and where stderr goes into a file it leads to
 * that.
 */
export async function forgetFile(path: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile() && !there.isDirectory()) return;
  await rm(path, { force: true });
}
