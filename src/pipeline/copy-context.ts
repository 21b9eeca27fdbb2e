import { chmod, cp, lutimes, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf, UserError } from '../model/errors.ts';

/** A context in another folder, with other times. */
export interface CopiedContext {
  readonly directory: string;
  readonly remove: () => Promise<void>;
}

/** Not a time that anything else has: 2001-09-09. */
const OTHER_TIME = 1_000_000_000;

/**
 * Copies a context into a folder of another name and gives every entry another modification time, and the modes given by path; other modes
 * and links are as they are. Throws UserError where it cannot be copied; nothing is left then.
 */
export async function copyContext(
  directory: string,
  modes: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<CopiedContext> {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-second-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const copy = join(folder, 'elsewhere');
  try {
    await cp(directory, copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: () => {
        signal.throwIfAborted();
        return true;
      },
    });
    for (const [path, mode] of modes) await chmod(join(copy, path), mode);
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
