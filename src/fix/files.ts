/* eslint-disable no-restricted-imports -- what --undo needs, in our cache */
import { createHash } from 'node:crypto';
import {
  access,
  constants,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { realPlace } from '../config/find-settings.ts';
import { fileToWrite, writeFileBeside } from '../config/project-files.ts';
import { readText } from '../config/read-files.ts';
import { errorCode } from '../image/disk.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { findDockerfiles } from '../lint/lint.ts';
import type { PipelineContext } from '../model/context.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { FixFile } from '../model/fix.ts';
import type { FixFiles } from './compose.ts';
import { shownPath } from './fix-command.ts';

/** How a file that a fix writes is read. */
const FIX_TEXT = { largest: 2 ** 20, utf8: 'required' } as const;
/** Fixes of one Dockerfile that can be undone, one after another. */
const KEPT = 20;

export interface FixedFile {
  /** As a person reads it. */
  readonly name: string;
  /** Absolute, links followed. */
  readonly path: string;
  readonly before: string | null;
  readonly after: string;
}

type Where = Pick<PipelineContext, 'paths'>;

function folderOf({ paths }: Where, dockerfile: string): string {
  const id = createHash('sha256').update(dockerfile).digest('hex').slice(0, 16);
  return join(paths.cache, 'fix', id);
}

/** Each fix has a record of its own, numbered, so that the last one sorts last. */
async function records(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /^\d{9}\.json$/.test(name)).sort();
}

/**
 * Keeps what `scoville fix --undo` needs, before anything is written; gives what forgets it again.
 * Throws UserError where it cannot be kept.
 */
async function keepUndo(
  context: Where,
  dockerfile: string,
  files: readonly FixedFile[],
): Promise<() => Promise<void>> {
  const folder = folderOf(context, dockerfile);
  try {
    await makeFolders(folder, { mode: 0o700 });
    const there = await records(folder);
    const next = Number.parseInt(there.at(-1) ?? '0', 10) + 1;
    const path = join(folder, `${String(next).padStart(9, '0')}.json`);
    await writeNew(path, JSON.stringify(files));
    for (const name of there.slice(0, Math.max(0, there.length + 1 - KEPT)))
      await rm(join(folder, name), { force: true });
    return () => rm(path, { force: true });
  } catch (cause) {
    throw new UserError(`the old text could not be kept in ${folder}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Two fixes may choose the same number: one of them ends with an error. Never half a record. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') await rm(path, { force: true });
    throw error;
  }
}

/** Undoes a fix: restores changed files byte for byte and removes files that it made. */
async function restore(files: readonly FixedFile[]): Promise<void> {
  for (const { path, before } of files)
    if (before === null) await rm(await fileToWrite(path, dirname(path)), { force: true });
    else await writeFileBeside(path, before, undefined, dirname(path));
}

/**
 * Takes the last fix of a Dockerfile back, and gives its files. Throws UserError where none is
 * known, or where a file was changed since and `force` does not say to lose that.
 */
export async function undoFix(
  context: Where & Pick<PipelineContext, 'cwd'>,
  dockerfile: string,
  force: boolean,
): Promise<readonly FixedFile[]> {
  const path = await realpath(dockerfile).catch(() => resolve(dockerfile));
  const folder = folderOf(context, path);
  const last = (await records(folder)).at(-1);
  if (last === undefined) throw new UserError(`scoville fix has not changed ${path}`);
  const record = join(folder, last);
  const files = (await readRecord(record)).map((one) => ({
    ...one,
    name: shownPath(one.path, context.cwd),
  }));
  for (const { name, path: file, after } of files)
    if (!force && (await readText(file, FIX_TEXT)) !== after)
      throw new UserError(`${name} was changed since scoville fix wrote it; nothing is undone`, {
        nextStep: `lose that change: scoville fix --undo --force ${shellWord(dockerfile)}`,
      });
  await restore(files);
  await rm(record, { force: true });
  return files;
}

async function readRecord(path: string): Promise<readonly FixedFile[]> {
  try {
    // eslint-disable-next-line no-restricted-syntax -- our own record of a fix
    return JSON.parse(await readFile(path, 'utf8')) as readonly FixedFile[];
  } catch (cause) {
    throw new UserError(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

export interface OpenedFiles {
  readonly files: FixFiles;
  /** Absolute, links followed. */
  readonly paths: Readonly<Record<FixFile, string>>;
  /** Absolute, as the user named them; written only where they are not links. */
  readonly named: Readonly<Record<FixFile, string>>;
  /** As a person reads them, and pastes them from their folder. */
  readonly names: Readonly<Record<FixFile, string>>;
  /** The build context's folder, absolute. */
  readonly contextFolder: string;
  /** Links within it may not lead out of it, even without git. */
  readonly project: string;
}

/**
 * Opens the Dockerfile that a path means, itself or the one of a folder, and the ignore file that
 * BuildKit reads with it. Throws UserError where none or several are found, where it cannot be
 * read, or where it is not UTF-8.
 */
export async function openFixFiles(
  cwd: string,
  path: string,
  contextFolder: string | undefined,
): Promise<OpenedFiles> {
  const chosen = await chosenDockerfile(cwd, path);
  const folder = resolve(cwd, contextFolder ?? dirname(chosen));
  const dockerfile = await readText(resolve(cwd, chosen), FIX_TEXT);
  if (dockerfile === undefined) throw new UserError(`${chosen}: no such file`);
  // BuildKit prefers NAME.dockerignore beside the Dockerfile.
  const own = `${resolve(cwd, chosen)}.dockerignore`;
  const shared = join(folder, '.dockerignore');
  const ownText = await readText(own, FIX_TEXT);
  const ignoreFile = ownText ?? (await readText(shared, FIX_TEXT));
  const named = {
    Dockerfile: resolve(cwd, chosen),
    '.dockerignore': ownText === undefined ? shared : own,
  };
  const paths = {
    Dockerfile: await realpath(named.Dockerfile),
    '.dockerignore': await realPlace(named['.dockerignore']),
  };
  return {
    files: { dockerfile, ignoreFile },
    paths,
    named,
    names: {
      Dockerfile: shownPath(named.Dockerfile, cwd),
      '.dockerignore': shownPath(named['.dockerignore'], cwd),
    },
    contextFolder: folder,
    // A link between the two is of the project too.
    project: relative(cwd, folder).split(sep)[0] === '..' ? folder : cwd,
  };
}

/** The file itself; of a folder its `Dockerfile`, or the only one in it and below. */
export async function chosenDockerfile(cwd: string, path: string): Promise<string> {
  const found = await stat(resolve(cwd, path)).catch(() => undefined);
  if (found?.isDirectory() !== true) return path;
  const usual = join(path, 'Dockerfile');
  const own = await stat(resolve(cwd, usual)).catch(() => undefined);
  if (own?.isFile() === true) return usual;
  const [only, ...others] = await findDockerfiles(cwd, path);
  if (only === undefined) throw new UserError(`no Dockerfile in ${path}`);
  if (others.length > 0)
    throw new UserError(`${path} contains ${others.length + 1} Dockerfiles; name one`, {
      nextStep: `scoville fix ${shellWord(only)}`,
    });
  return only;
}

/**
 * Writes the files that changed, each beside and renamed, mode kept: all, or none. What
 * `scoville fix --undo` needs is kept first. Throws UserError where a file was changed by somebody
 * else in the meantime, or cannot be written.
 */
export async function writeFixFiles(
  context: Pick<PipelineContext, 'paths'>,
  opened: OpenedFiles,
  after: FixFiles,
): Promise<readonly FixedFile[]> {
  const pairs = [
    ['Dockerfile', opened.files.dockerfile, after.dockerfile],
    ['.dockerignore', opened.files.ignoreFile, after.ignoreFile],
  ] as const;
  const changed: FixedFile[] = [];
  for (const [file, before = null, text] of pairs) {
    if (text === undefined || text === before) continue;
    const name = opened.names[file];
    const path = await fileToWrite(opened.named[file], opened.project);
    if (((await readText(path, FIX_TEXT)) ?? null) !== before)
      throw new UserError(`${name} was changed meanwhile; nothing is written`, {
        nextStep: 'run scoville fix again',
      });
    await refuseReadOnly(name, path);
    changed.push({ name, path, before, after: text });
  }
  if (changed.length === 0) return [];
  const forget = await keepUndo(context, opened.paths.Dockerfile, changed);
  const written: FixedFile[] = [];
  try {
    for (const file of changed) {
      // The mode of a new file is that of a clone, so that the image stays the same.
      await writeFileBeside(file.path, file.after, 0o644);
      written.unshift(file);
    }
  } catch (error) {
    await restore(written);
    await forget();
    throw error;
  }
  return changed;
}

/** A rename needs rights on the folder only, so it would replace a read-only file. */
async function refuseReadOnly(name: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  const isWritable =
    found === undefined ||
    ((found.mode & 0o222) !== 0 &&
      (await access(path, constants.W_OK).then(
        () => true,
        () => false,
      )));
  if (!isWritable)
    throw new UserError(`${name} is read-only; nothing is written`, {
      nextStep: `chmod u+w ${shellWord(name)}, or scoville fix --dry-run for a patch`,
    });
}
