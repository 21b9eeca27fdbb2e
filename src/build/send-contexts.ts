/* eslint-disable no-restricted-imports -- the copy of a context, in a folder of ours */
import { randomBytes } from 'node:crypto';
import { constants, lstatSync, type Stats } from 'node:fs';
import {
  chmod,
  copyFile,
  link,
  lstat,
  lutimes,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  symlink,
  utimes,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, posix, resolve } from 'node:path';
import { isFolder } from '../config/project-files.ts';
import { errorCode } from '../image/disk.ts';
import { makeTemporaryFolder } from '../image/temporary-folder.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { inParallel } from '../lib/parallel.ts';
import type { RunTool } from '../lib/run-tool.ts';
import { joined } from '../lib/text.ts';
import type { PipelineContext } from '../model/context.ts';
import type { BuildxFlag } from '../model/events.ts';
import { contextIgnore, type ContextSource, ignoreFiles } from './context-source.ts';
import { trackedFiles } from './git.ts';
import { type BuildPlan, flag, namedContext } from './plan.ts';

/** Folders that an ignore file leaves out whole: rather too few, as an exception may reach in. */
export function ignoredFolders(text: string): (folder: string) => boolean {
  const isLeftOut = contextIgnore(text) ?? (() => false);
  const exceptions = [...text.matchAll(/^[ \t]*!(.*)$/gm)].map(([, line = '']) => {
    const parts = posix.normalize(line.trim()).replace(/^\//, '').split('/');
    const end = parts.findIndex((part) => part === '..' || /[*?[\]\\]/.test(part));
    return parts.slice(0, end < 0 ? undefined : end).join('/');
  });
  const mayMeet = (known: string, folder: string): boolean =>
    known === '' || `${known}/`.startsWith(`${folder}/`) || `${folder}/`.startsWith(`${known}/`);
  return (folder) =>
    isLeftOut(folder) && !exceptions.some((exception) => mayMeet(exception, folder));
}

/** Modes of what git tracks, as it would record them now; undefined without git. */
export async function gitModes(run: RunTool, dir: string) {
  const tracked = await trackedFiles(run, dir);
  if (tracked === undefined) return undefined;
  /** By path relative to the folder; the folder itself is not in it. */
  const modes = new Map<string, number>();
  /** With another mode on disk, or second names of a file: git does not record hard links. */
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
  const statOf = (path: string): Stats | undefined =>
    isFolder(dirname(path)) ? lstatSync(join(dir, path), { throwIfNoEntry: false }) : undefined;
  const folders = new Map<string, boolean>([['.', true]]);
  // A folder that has become a link leads elsewhere: what it shows is not what git tracks.
  const isFolder = (path: string): boolean => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const found = statOf(path);
    const isOne = found?.isDirectory() === true;
    if (isOne) note(path, 0o755, found);
    folders.set(path, isOne);
    return isOne;
  };
  for (const { path, mode } of tracked.files) {
    const found = statOf(path);
    if (found?.isFile() !== true) continue;
    const own = (found.mode & 0o100) === 0 ? 0o644 : 0o755;
    note(path, tracked.fileModes ? own : mode, found);
    if (isSecondName(found) && other.at(-1) !== path) other.push(path);
  }
  return { modes, other };
}

export interface CopyRules {
  readonly modes: ReadonlyMap<string, number>;
  /** The mode of all else, from its own; undefined keeps it. */
  readonly rest: ((mode: number) => number) | undefined;
  /** Seconds since 1970, for all; undefined keeps times. */
  readonly time: number | undefined;
  readonly isIgnored: (folder: string) => boolean;
}

const AT_ONCE = 4;

/** A mode of umask 022 as of 002, and the reverse. What is private stays. */
export function underOtherUmask(mode: number): number {
  if ((mode & 0o020) !== 0) return mode & ~0o022;
  return (mode & 0o240) === 0o240 ? mode | 0o020 : mode;
}

/** As made under 022: what the group can write was made under 002. */
function underUsualUmask(mode: number): number {
  return (mode & 0o020) === 0 ? mode : mode & ~0o022;
}

/** Copies a context; what stays is linked. Both paths are real. Throws where it cannot be read. */
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

/**
 * From 2001-09-09 on, in seconds: another time for each build. With one time for all, BuildKit's
 * cache would answer a first build with what an earlier second one made, and the two would agree.
 */
const OTHER_TIMES = { from: 1_000_000_000, count: 31_536_000 };

type Copied = CopyRules & {
  /** Why a copy would be better; undefined where the build needs it anyway. */
  readonly different: string | undefined;
};

/**
 * Has the context, and named contexts that are folders, sent with git's modes for what git tracks,
 * whatever umask it was checked out under: COPY takes modes along. By `deterministic` with one time
 * for all. `elsewhere`: with another time, and another umask for what git does not track. Where
 * that is what the folder has, it is sent itself; else a copy. The user's files stay as they are.
 */
export async function sendContexts(
  context: PipelineContext,
  plan: BuildPlan,
  { directory, dockerfilePath, dockerfileText }: ContextSource,
  elsewhere: boolean,
) {
  const copies: string[] = [];
  const release = async (): Promise<void> => {
    for (const copy of copies) await removeCopy(copy);
  };
  const sent = async (folder: string, isMain: boolean): Promise<string | undefined> => {
    if (!(await isFolder(folder))) return undefined;
    const text = await ignoreText(folder, isMain ? dockerfilePath : undefined);
    const rules = await copyRules(context, plan, folder, ignoredFolders(text), elsewhere && isMain);
    return rules === undefined ? undefined : copied(context, plan, folder, rules, copies);
  };
  try {
    const flags: BuildxFlag[] = [];
    for (const given of plan.invocation.flags) {
      const named = namedContext(given);
      const copy = named && (await sent(resolve(context.cwd, named.path), false));
      flags.push(copy === undefined ? given : flag('build-context', `${named?.name}=${copy}`));
    }
    const main = directory === undefined ? undefined : await sent(directory, true);
    if (main !== undefined && dockerfilePath !== undefined && dockerfileText !== undefined)
      flags.push(flag('file', dockerfilePath));
    const invocation = { ...plan.invocation, flags, context: main ?? plan.invocation.context };
    return { invocation, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function copyRules(
  { run, now }: PipelineContext,
  { steady, epoch, settings }: BuildPlan,
  folder: string,
  isIgnored: CopyRules['isIgnored'],
  elsewhere: boolean,
): Promise<Copied | undefined> {
  const found = settings.reproducible.mode === 'off' ? undefined : await gitModes(run, folder);
  const modes = found?.modes ?? new Map<string, number>();
  const needed = { modes, isIgnored, different: undefined };
  if (steady !== undefined && epoch !== undefined)
    return { ...needed, rest: underUsualUmask, time: epoch.seconds };
  if (elsewhere) {
    // A folder without files that git tracks is not a checkout, wherever it lies: its modes stay.
    const rest = modes.size === 0 ? undefined : underOtherUmask;
    const time = OTHER_TIMES.from + (Math.floor(now() / 1000) % OTHER_TIMES.count);
    return { ...needed, rest, time };
  }
  const [first, ...others] = (found?.other ?? []).filter((path) => !isIgnored(path));
  if (first === undefined) return undefined;
  const more = others.length > 0 ? ` and ${others.length} more have` : ' has';
  const different = `${JSON.stringify(first)}${more} another mode than git's`;
  return { ...needed, rest: undefined, time: undefined, different };
}

/** Undefined, with a notice, where a copy that is not needed cannot be made. */
async function copied(
  context: PipelineContext,
  { layout }: BuildPlan,
  folder: string,
  rules: Copied,
  copies: string[],
): Promise<string | undefined> {
  const real = await realpath(folder);
  const isInside = `${await realpath(layout)}/`.startsWith(`${real}/`);
  try {
    const home = isInside
      ? await makeTemporaryFolder('context')
      : join(layout, `context-${randomBytes(6).toString('hex')}`);
    copies.push(home);
    await makeFolders(home);
    // buildx knows a context by its folder's name, and sends what has another time or size than
    // what it has of that name. Where all have one time, each copy needs a name.
    const name = rules.time === undefined ? basename(folder) : basename(home);
    const copy = join(await realpath(home), name === '' ? 'context' : name);
    await copyContext(real, copy, rules, context.signal);
    return copy;
  } catch (cause) {
    context.signal.throwIfAborted();
    if (rules.different === undefined)
      throw new UserError(`the context ${folder} cannot be copied: ${messageOf(cause)}`, {
        cause,
        nextStep: `look whether ${isInside ? tmpdir() : layout} has room`,
      });
    context.emit({
      kind: 'notice',
      text: `${rules.different}, and the context could not be sent with git's (${messageOf(cause)}): a checkout elsewhere gives another image; COPY --chmod, or chmod go=u,go-w the files`,
    });
    return undefined;
  }
}

/** The ignore file that BuildKit goes by: the Dockerfile's own, else the context's. */
async function ignoreText(directory: string, dockerfile: string | undefined): Promise<string> {
  for (const file of ignoreFiles(directory, dockerfile)) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return '';
}
