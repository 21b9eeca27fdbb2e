import { constants } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readlink,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises';
import { join } from 'node:path';
import { inParallel } from '../../model/in-parallel.ts';
import { joined } from '../../model/path.ts';
import { errorCode } from '../../oci/blobs/disk.ts';

/** What is other in the copy of a context. */
export interface CopyRules {
  /** By path relative to the context, of files and folders. */
  readonly modes: ReadonlyMap<string, number>;
  /** The mode of all else, from its own; undefined keeps it. */
  readonly rest: ((mode: number) => number) | undefined;
  /** Seconds since 1970, for all; undefined keeps times. */
  readonly time: number | undefined;
  /** Folders that need not be there. */
  readonly isIgnored: (folder: string) => boolean;
}

const AT_ONCE = 4;

/**
 * Gives a mode made under umask 022 as under 002, and the reverse. What the group cannot read was
 * made private under any umask, and stays.
 */
export function underOtherUmask(mode: number): number {
  if ((mode & 0o020) !== 0) return mode & ~0o022;
  return (mode & 0o240) === 0o240 ? mode | 0o020 : mode;
}

/** As made under 022: what the group can write was made under 002. */
export function underUsualUmask(mode: number): number {
  return (mode & 0o020) === 0 ? mode : mode & ~0o022;
}

/**
 * Copies a context; files that stay as they are, are links. Both paths are real ones: the copy may
 * lie in the context. Throws where something cannot be read.
 */
export async function copyContext(
  from: string,
  to: string,
  rules: CopyRules,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(to);
  await copyFolder('');

  async function copyFolder(folder: string): Promise<void> {
    const names = await readdir(join(from, folder));
    const folders: string[] = [];
    await inParallel(names, AT_ONCE, async (name) => {
      signal.throwIfAborted();
      const path = joined(folder, name);
      if (!(await copyFileOrLink(path))) folders.push(path);
    });
    for (const path of folders) {
      if (rules.isIgnored(path) || join(from, path) === to) continue;
      await mkdir(join(to, path), { mode: 0o700 });
      await copyFolder(path);
      // Last: its mode may forbid writing, and what is written into it changes its time.
      const { mode, times } = await attributes(path);
      await chmod(join(to, path), mode);
      await utimes(join(to, path), ...times);
    }
  }

  /** False for a folder. */
  async function copyFileOrLink(path: string): Promise<boolean> {
    const [source, target] = [join(from, path), join(to, path)];
    const { found, mode, times } = await attributes(path);
    if (found.isDirectory()) return false;
    if (found.isSymbolicLink()) {
      await symlink(await readlink(source), target);
      await lutimes(target, ...times);
      return true;
    }
    const isAsItIs = rules.time === undefined && rules.rest === undefined && !rules.modes.has(path);
    if ((isAsItIs || !found.isFile()) && (await linked(source, target, found.isFile())))
      return true;
    await copyFile(source, target, constants.COPYFILE_FICLONE);
    await chmod(target, mode);
    await utimes(target, ...times);
    return true;
  }

  async function attributes(path: string) {
    const found = await lstat(join(from, path));
    const own = found.mode & 0o7777;
    const mode = rules.modes.get(path) ?? rules.rest?.(own) ?? own;
    const { time } = rules;
    const times: [number, number] =
      time === undefined ? [found.atimeMs / 1000, found.mtimeMs / 1000] : [time, time];
    return { found, mode, times };
  }
}

/** False where the file system does not link a file across, or not what another user owns. */
async function linked(source: string, target: string, isFile: boolean): Promise<boolean> {
  try {
    await link(source, target);
    return true;
  } catch (error) {
    if (isFile && errorCode(error) !== 'ENOSPC') return false;
    throw error;
  }
}

/** Removes a copy, with folders that nobody may write to. */
export async function removeCopy(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(async () => {
    await openFolders(folder);
    await rm(folder, { recursive: true, force: true });
  });
}

async function openFolders(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await openFolders(join(folder, entry.name));
}
