import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolders } from '../lib/make-folders.ts';
import { messageOf, UserError } from '../model/errors.ts';
import { temporaryPath } from '../oci/blobs/disk.ts';
import { fileToWrite } from './place-to-write.ts';

/** A file below a root. */
interface FileToWrite {
  /** Path from the root. */
  readonly path: string;
  readonly text: string;
}

interface Placed {
  readonly at: string;
  readonly beside: string;
  /** Where the file that was there before waits, until all are in place. */
  readonly before: string | undefined;
}

/**
 * Writes several files below a root, all or none: each is written beside its place, then all are
 * renamed; where one cannot be, those that were there come back. A place outside of the root, by a
 * link, is refused, and so is a link itself. Throws UserError where nothing was written.
 */
export async function writeFilesTogether(
  root: string,
  files: readonly FileToWrite[],
): Promise<void> {
  const made: string[] = [];
  const placed: Placed[] = [];
  const written: string[] = [];
  try {
    const places = [];
    for (const { path, text } of files) {
      const at = await fileToWrite(join(root, path), root);
      const folder = await makeFolders(dirname(at));
      if (folder !== undefined) made.push(folder);
      const beside = temporaryPath(dirname(at));
      written.push(beside);
      await writeFile(beside, text, { flag: 'wx' });
      const before = await kindOf(at);
      if (before === 'other') throw new Error(`${path} is not a file`);
      places.push({ at, beside, isThere: before === 'file' });
    }
    for (const { at, beside, isThere } of places) {
      const before = isThere ? temporaryPath(dirname(at)) : undefined;
      if (before !== undefined) await rename(at, before);
      placed.push({ at, beside, before });
      await rename(beside, at);
    }
  } catch (cause) {
    await takeBack(placed);
    for (const path of written) await rm(path, { force: true });
    for (const folder of made.toReversed()) await rm(folder, { recursive: true, force: true });
    throw new UserError(`nothing was written: ${messageOf(cause)}`, { cause });
  }
  for (const { before } of placed) if (before !== undefined) await rm(before, { force: true });
}

async function takeBack(placed: readonly Placed[]): Promise<void> {
  for (const { at, before } of placed.toReversed()) {
    if (before === undefined) await rm(at, { force: true });
    else await rename(before, at);
  }
}

async function kindOf(path: string): Promise<'none' | 'file' | 'other'> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return 'none';
  return found.isFile() ? 'file' : 'other';
}
