import { createHash, type Hash } from 'node:crypto';
import {
  chmodSync,
  constants,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { inParallel } from '../../model/in-parallel.ts';
import { errorCode } from '../../oci/blobs/disk.ts';
import { underUsualUmask } from './other-umask.ts';

/** Size, time, change time and inode of each copied file's original when it was copied. */
export type MirrorRecord = Readonly<Record<string, readonly [number, number, number, number]>>;

interface MirrorOptions {
  readonly source: string;
  readonly target: string;
  /** By path relative to `source`: files that are copied rather than linked, and folders. */
  readonly modes: ReadonlyMap<string, number>;
  /**
   * Seconds since 1970: files are copied and get this time, and what has no mode above gets that of
   * umask 022. Undefined keeps times, and links files.
   */
  readonly time?: number | undefined;
  /** Folders that need not be there. */
  readonly isIgnored: (folder: string) => boolean;
  readonly before: MirrorRecord;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly signal: AbortSignal;
}

/** What was written this short a time ago can be written again without its times telling. */
const SETTLED_MS = 2000;
const COPIES_AT_ONCE = 4;
/** The file system does not link across, or not what another user owns: a copy serves. */
const NO_LINK = ['EXDEV', 'EPERM', 'EMLINK', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP'];

interface Mirrored {
  /** For the next time. */
  readonly record: MirrorRecord;
  /** Another one where a file may have other content: of sizes, times, change times and inodes. */
  readonly mark: string;
}

/** Makes `target` match `source`, with the modes given. Leaves what already matches alone. */
export async function mirrorFolder(options: MirrorOptions): Promise<Mirrored> {
  const seen = createHash('sha256');
  const work: Mirroring = { ...options, record: {}, seen, startedAt: options.now() };
  await mirrorLevel(work, '');
  return { record: work.record, mark: seen.digest('hex').slice(0, 16) };
}

interface Mirroring extends MirrorOptions {
  readonly record: Record<string, readonly [number, number, number, number]>;
  readonly seen: Hash;
  readonly startedAt: number;
}

interface Copy {
  readonly path: string;
  readonly from: Stats;
}

async function mirrorLevel(work: Mirroring, folder: string): Promise<void> {
  // Looking at files one call after the other is several times as fast as asking for each; between
  // folders others have their turn.
  await setImmediate();
  work.signal.throwIfAborted();
  const target = join(work.target, folder);
  const names = namesIn(join(work.source, folder));
  if (names === undefined) {
    chmodSync(target, 0);
    return;
  }
  if ((lstatSync(target).mode & 0o700) !== 0o700) chmodSync(target, 0o700);
  const kept = new Set(names);
  for (const name of readdirSync(target)) if (!kept.has(name)) remove(join(target, name));
  const folders: string[] = [];
  const copies: Copy[] = [];
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const from = statOf(join(work.source, path));
    if (from === undefined) continue;
    if (!from.isDirectory()) copies.push(...mirrorEntry(work, path, from));
    else if (work.isIgnored(path)) remove(join(work.target, path));
    else {
      const there = statOf(join(work.target, path));
      if (there?.isDirectory() !== true) {
        if (there !== undefined) remove(join(work.target, path));
        mkdirSync(join(work.target, path));
      }
      folders.push(path);
    }
  }
  await inParallel(copies, COPIES_AT_ONCE, (copy) => copyOne(work, copy));
  for (const path of folders) {
    await mirrorLevel(work, path);
    finishFolder(work, path);
  }
}

/** Last: its mode may forbid writing, and what is written into it changes its time. */
function finishFolder(work: Mirroring, path: string): void {
  const { source, target } = work;
  const from = lstatSync(join(source, path));
  const there = lstatSync(join(target, path));
  const mode = modeOf(work, path, from);
  const isUnread = (there.mode & 0o7777) === 0;
  if (!isUnread && (there.mode & 0o7777) !== mode) chmodSync(join(target, path), mode);
  const [atime, mtime] = timesOf(work, from);
  if (there.mtimeMs !== mtime * 1000) utimesSync(join(target, path), atime, mtime);
}

function modeOf({ modes, time }: Mirroring, path: string, from: Stats): number {
  const mode = from.mode & 0o7777;
  return modes.get(path) ?? (time === undefined ? mode : underUsualUmask(mode));
}

/** Of access and of modification, in seconds. */
function timesOf({ time }: Mirroring, from: Stats): readonly [number, number] {
  return time === undefined ? [from.atimeMs / 1000, from.mtimeMs / 1000] : [time, time];
}

/** Links what is not a folder; gives what has to be copied. */
function mirrorEntry(work: Mirroring, path: string, from: Stats): readonly Copy[] {
  work.seen.update(JSON.stringify([path, stampOf(from)]));
  const source = join(work.source, path);
  const target = join(work.target, path);
  const there = statOf(target);
  const isCopied = work.modes.has(path) || (work.time !== undefined && from.isFile());
  if (!isCopied && from.isSymbolicLink()) {
    const to = readlinkSync(source);
    if (there?.isSymbolicLink() === true && readlinkSync(target) === to) return [];
    if (there !== undefined) remove(target);
    symlinkSync(to, target);
    lutimesSync(target, ...timesOf(work, from));
    return [];
  }
  const mode = modeOf(work, path, from);
  if (!isCopied) {
    if (there?.ino === from.ino && there.dev === from.dev) return [];
    if (isCurrent(work, path, from, there)) return [];
    if (there !== undefined) remove(target);
    try {
      linkSync(source, target);
      return [];
    } catch (error) {
      if (!from.isFile() || !NO_LINK.includes(errorCode(error) ?? '')) throw error;
    }
  } else if (isCurrent(work, path, from, there)) {
    if (there !== undefined && (there.mode & 0o7777) !== mode) chmodSync(target, mode);
    return [];
  } else if (there !== undefined) remove(target);
  return [{ path, from }];
}

/** True where the earlier copy is of this file, unchanged; then notes it down again. */
function isCurrent(work: Mirroring, path: string, from: Stats, there: Stats | undefined): boolean {
  const [size, ...times] = work.before[path] ?? [];
  const now = stampOf(from);
  const isSame =
    there?.isFile() === true &&
    there.size === size &&
    [size, ...times].every((value, i) => value === now[i]);
  if (isSame) work.record[path] = now;
  return isSame;
}

async function copyOne(work: Mirroring, { path, from }: Copy): Promise<void> {
  work.signal.throwIfAborted();
  const target = join(work.target, path);
  await copyFile(join(work.source, path), target, constants.COPYFILE_FICLONE);
  chmodSync(target, modeOf(work, path, from));
  utimesSync(target, ...timesOf(work, from));
  if (Math.max(from.ctimeMs, from.mtimeMs) < work.startedAt - SETTLED_MS)
    work.record[path] = stampOf(from);
}

function stampOf(from: Stats): readonly [number, number, number, number] {
  return [from.size, from.mtimeMs, from.ctimeMs, from.ino];
}

/**
 * Undefined for an unreadable folder, which is mirrored as unreadable: buildx reports it as usual,
 * or its ignore file excludes it.
 */
function namesIn(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'EACCES') return undefined;
    throw error;
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error;
    openFolders(path);
    rmSync(path, { recursive: true, force: true });
  }
}

/** A copy of a folder that nobody may write to is not removed before its mode is another. */
function openFolders(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) openFolders(join(folder, entry.name));
}
