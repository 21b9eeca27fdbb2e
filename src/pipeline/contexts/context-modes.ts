import { lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunTool } from '../../model/run.ts';
import { trackedFiles } from '../../tools/git/git-modes.ts';

/** Modes of tracked files and of their folders, as any checkout under umask 022 has them. */
interface GitModes {
  /** By path relative to the folder; the folder itself is not in it. */
  readonly modes: ReadonlyMap<string, number>;
  /** Paths with another mode on disk, or second names of a file: git knows no hard links. */
  readonly other: readonly string[];
}

/**
 * Looks up git's modes for what it tracks below `dir`: 644 and 755 by the owner's executable bit,
 * as git itself would record it now; folders
 * 755. Undefined outside of a repository, or where git is missing.
 */
export async function gitModes(run: RunTool, dir: string): Promise<GitModes | undefined> {
  const tracked = await trackedFiles(run, dir);
  if (tracked === undefined) return undefined;
  const modes = new Map<string, number>();
  const other: string[] = [];
  const note = (path: string, mode: number, found: Stats): void => {
    modes.set(path, mode);
    if ((found.mode & 0o7777) !== mode) other.push(path);
  };
  const inodes = new Set<string>();
  const isSecondName = (found: Stats): boolean => {
    if (found.nlink === 1) return false;
    const inode = `${found.dev}:${found.ino}`;
    return inodes.size === inodes.add(inode).size;
  };
  const folders = new Map<string, boolean>([['.', true]]);
  // A folder that has become a link leads elsewhere: what it shows is not what git tracks.
  const isFolder = (path: string): boolean => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const found = isFolder(dirname(path)) ? statOf(dir, path) : undefined;
    if (found?.isDirectory() === true) note(path, 0o755, found);
    folders.set(path, found?.isDirectory() === true);
    return found?.isDirectory() === true;
  };
  for (const { path, mode } of tracked.files) {
    const found = isFolder(dirname(path)) ? statOf(dir, path) : undefined;
    if (found?.isFile() !== true) continue;
    const own = (found.mode & 0o100) === 0 ? 0o644 : 0o755;
    note(path, tracked.fileModes ? own : mode, found);
    if (isSecondName(found) && other.at(-1) !== path) other.push(path);
  }
  return { modes, other };
}

function statOf(dir: string, path: string): Stats | undefined {
  return lstatSync(join(dir, path), { throwIfNoEntry: false });
}
