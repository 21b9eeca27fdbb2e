import type { Stats } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError, temporaryPath } from './disk.ts';

interface ReplaceOptions {
  /** Mode of a new file, before the umask; default 0o644. */
  readonly mode?: number;
  /** The file that is replaced: its mode stays, and its owner where we may set one. */
  readonly before?: Stats | undefined;
  /** Wait until it is on the disk: for what cannot be made again. */
  readonly sync?: boolean;
}

/**
 * Puts a file at `path`, all or none: it is written beside, under a name that nobody can foretell
 * or have put a link at, and renamed. A reader finds the old content or the new; of two writers at
 * once one wins. Nothing is left behind where `write` throws.
 */
export async function replaceFile(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  { mode = 0o644, before, sync = false }: ReplaceOptions = {},
): Promise<void> {
  const beside = temporaryPath(dirname(path));
  try {
    // Never more open than it will be, not even for a moment.
    const file = await open(beside, 'wx', before === undefined ? mode : before.mode & 0o777);
    try {
      await write(file);
      if (before !== undefined) await takeAfter(file, before);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    if (sync) await syncFolder(dirname(path));
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function takeAfter(file: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const mine = await file.stat();
  if (mine.uid !== uid || mine.gid !== gid) await file.chown(uid, gid).catch(() => undefined);
  await file.chmod(mode & 0o7777);
}

/** A name is on disk when its folder is. Systems that cannot open folders decide for themselves. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/**
 * Writes `bytes` to a file of ours. Not synced to the disk: what a power cut takes is built again.
 * Throws UserError for a full disk and a missing permission.
 */
export async function writeBeside(path: string, bytes: Uint8Array | string): Promise<void> {
  try {
    await replaceFile(path, (file) => file.writeFile(bytes));
  } catch (error) {
    throw diskError(error, path);
  }
}
