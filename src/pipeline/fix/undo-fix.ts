import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { errorCode } from '../../oci/blobs/disk.ts';
import type { PipelineContext } from '../context.ts';
import { fileToWrite } from '../place-to-write.ts';
import { readText } from '../read-text.ts';
import { writeFileBeside } from '../write-file-beside.ts';

/** How a file that a fix writes is read. */
export const FIX_TEXT = { largest: 2 ** 20, utf8: 'required' } as const;
/** Fixes of one Dockerfile that can be undone, one after another. */
const KEPT = 20;

/** A file that a fix wrote. */
export interface FixedFile {
  /** As a person reads it. */
  readonly name: string;
  /** Absolute, links followed. */
  readonly path: string;
  /** null where the fix made the file. */
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
export async function keepUndo(
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

/** Another fix may take the same number: one of them ends with an error. Half a record is none. */
async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') await rm(path, { force: true });
    throw error;
  }
}

/** Undoes a fix: restores changed files byte for byte and removes files that it made. */
export async function restore(files: readonly FixedFile[]): Promise<void> {
  for (const { path, before } of files)
    if (before === null) await rm(await fileToWrite(path, dirname(path)), { force: true });
    else await writeFileBeside(path, before, undefined, dirname(path));
}

/**
 * Takes the last fix of a Dockerfile back, and gives its files. Throws UserError where none is
 * known, or where a file was changed since and `force` does not say to lose that.
 */
export async function undoFix(
  context: Where,
  dockerfile: string,
  force: boolean,
): Promise<readonly FixedFile[]> {
  const path = await realpath(dockerfile).catch(() => resolve(dockerfile));
  const folder = folderOf(context, path);
  const last = (await records(folder)).at(-1);
  if (last === undefined) throw new UserError(`scoville fix has not changed ${path}`);
  const record = join(folder, last);
  const files = await readRecord(record);
  for (const { name, path: file, after } of files)
    if (!force && (await readText(file, FIX_TEXT)) !== after)
      throw new UserError(`${name} was changed since scoville fix wrote it; nothing is undone`, {
        nextStep: `lose that change: scoville fix --undo --force`,
      });
  await restore(files);
  await rm(record, { force: true });
  return files;
}

async function readRecord(path: string): Promise<readonly FixedFile[]> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as readonly FixedFile[];
  } catch (cause) {
    throw new UserError(`${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
