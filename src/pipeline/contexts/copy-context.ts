import { chmod, cp, lstat, lutimes, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { underOtherUmask } from './other-umask.ts';

/** A context in another folder, with other times and modes. */
export interface CopiedContext {
  readonly directory: string;
  readonly remove: () => Promise<void>;
}

/** Not a time that anything else has: 2001-09-09. */
const OTHER_TIME = 1_000_000_000;

/**
 * Copies a context into a folder of another name and gives every entry another modification time.
 * `tracked` are git's modes by path: those entries get them, and all others the modes that they
 * would have under another umask; undefined outside of a repository, where all modes stay. Throws
 * UserError where it cannot be copied; nothing is left then.
 */
export async function copyContext(
  directory: string,
  tracked: ReadonlyMap<string, number> | undefined,
  signal: AbortSignal,
): Promise<CopiedContext> {
  const folder = await makeTemporaryFolder('second');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  // buildx knows a context by its folder's last name: under one name BuildKit would take a file of
  // the same size and time from the copy before.
  const copy = join(folder, basename(folder));
  try {
    await cp(directory, copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: () => {
        signal.throwIfAborted();
        return true;
      },
    });
    if (tracked !== undefined) await setModes(copy, '', tracked);
    await setTimes(copy);
    return { directory: copy, remove };
  } catch (error) {
    await remove();
    if (signal.aborted) throw error;
    throw new UserError(`the context cannot be copied for the second build: ${messageOf(error)}`, {
      cause: error,
      nextStep: `look whether ${tmpdir()} has room (TMPDIR names another folder)`,
    });
  }
}

async function setTimes(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await setTimes(path);
    await lutimes(path, OTHER_TIME, OTHER_TIME);
  }
}

/**
 * Git states the intended modes of files that it tracks. Files that a build tool or editor added
 * have the modes of the user who ran it.
 */
async function setModes(
  root: string,
  folder: string,
  tracked: ReadonlyMap<string, number>,
): Promise<void> {
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    if (!entry.isFile() && !entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await setModes(root, path, tracked);
    const { mode } = await lstat(join(root, path));
    await chmod(join(root, path), tracked.get(path) ?? underOtherUmask(mode & 0o7777));
  }
}
