import type { Stats } from 'node:fs';
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { fileToWrite } from '../config/project-files.ts';
import { replaceFile } from '../image/disk.ts';
import { claimAlone } from '../image/owner.ts';
import { messageOf, UserError } from '../lib/errors.ts';

const LONGEST_LINE = 1024 * 1024;
const LARGEST = 256 * 1024 * 1024;

/** What becomes of a line that an earlier run wrote: `foreign` is none of ours, and ends it all. */
export type Kept = 'keep' | 'drop' | 'foreign';

/** A file of lines that is added to, whole lines only. */
export interface LineFile {
  /** Adds one line; the text has no line end. */
  readonly append: (line: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a file to add lines to. The contents are read first: dropped lines are removed, and a last
 * line that was cut off is judged like the others. A pipe or device is only written to. Throws
 * UserError where another run adds to it, or where a line is foreign; the file is then as it was.
 */
export async function openLineFile(
  path: string,
  judge: (line: string, isLast: boolean) => Kept,
): Promise<LineFile> {
  await fileToWrite(path);
  try {
    const there = await stat(path).catch(() => undefined);
    // eslint-disable-next-line no-restricted-syntax -- lines are appended, so that a run can go on from them
    if (there !== undefined && !there.isFile()) return appending(await open(path, 'w'), undefined);
    const lock = `${path}.lock`;
    if (!(await claimAlone(lock)))
      throw new UserError(`another run writes ${path}`, {
        nextStep: `wait for it to end; if none runs, remove ${lock}`,
      });
    try {
      if (there !== undefined) await cleanUp(path, there, judge);
      // eslint-disable-next-line no-restricted-syntax -- lines are appended, so that a run can go on from them
      return appending(await open(path, 'a'), lock);
    } catch (error) {
      await rm(lock, { force: true });
      throw error;
    }
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(`${path} could not be written: ${messageOf(cause)}`, { cause });
  }
}

function appending(handle: FileHandle, lock: string | undefined): LineFile {
  let before: Promise<unknown> = Promise.resolve();
  return {
    append: (line) => {
      // One at a time: two calls could each write a half.
      const written = before.then(() => handle.appendFile(`${line}\n`));
      before = written.catch(() => undefined);
      return written;
    },
    close: async () => {
      await before;
      await handle.close();
      if (lock !== undefined) await rm(lock, { force: true });
    },
  };
}

/** Replaces the file by the lines to keep where that is not what is there already. */
async function cleanUp(
  path: string,
  there: Stats,
  judge: (line: string, isLast: boolean) => Kept,
): Promise<void> {
  const foreign = (why: string): UserError =>
    new UserError(`${path} is not a file of results: ${why}`, {
      nextStep: 'name another --output; this file was left as it is',
    });
  if (there.size > LARGEST) throw foreign('it has over 256 MiB');
  const text = await readFile(path, 'utf8');
  const lines = text.split('\n');
  // Behind the last line end: nothing, or a line that was cut off.
  const last = lines.length - 1;
  if (lines[last] === '') lines.pop();
  const kept = lines.filter((line, at) => {
    if (line.length > LONGEST_LINE) throw foreign('it has a line of over 1 MiB');
    const judged = judge(line, at === last);
    if (judged === 'foreign') throw foreign(`see line ${at + 1}`);
    return judged === 'keep';
  });
  const after = kept.map((line) => `${line}\n`).join('');
  if (after === text) return;
  await replaceFile(path, (out) => out.writeFile(after), { before: there, sync: true });
}
