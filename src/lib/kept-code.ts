import { lstatSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { dirname } from 'node:path';
import { makeFolders } from './make-folders.ts';

const { enableCompileCache } = module as {
  /** Since Node.js 22.1. */
  readonly enableCompileCache?: (folder: string) => unknown;
};

/**
 * Has Node.js keep the code that it compiles, so that the next run need not: 25 ms of a build. What
 * is there would be run, so none is kept where anybody else could write.
 */
export async function keepCode(folder: string): Promise<void> {
  if (enableCompileCache === undefined) return;
  try {
    await makeFolders(folder, { mode: 0o700 });
    if (isOwn(folder)) enableCompileCache(folder);
  } catch {
    // A command works without.
  }
}

/** Only this user, and root, can put anything there or another folder in its place. */
export function isOwn(folder: string): boolean {
  const user = process.getuid?.();
  const { mode, uid } = lstatSync(folder);
  if (user === undefined || uid !== user || (mode & 0o170077) !== 0o040000) return false;
  for (let at = realpathSync(folder); at !== dirname(at);) {
    at = dirname(at);
    const above = lstatSync(at);
    const isShared = (above.mode & 0o022) !== 0 && (above.mode & 0o1000) === 0;
    if (isShared || (above.uid !== user && above.uid !== 0)) return false;
  }
  return true;
}
