import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseLock } from '../config/parse-lock.ts';
import { LOCK_FILE_NAME, type LockFile } from '../model/lock.ts';

const LARGEST = 16 * 1024 * 1024;

/** The lock beside a Dockerfile; undefined where there is none, or none that can be read: builds tell of that. */
export async function readLockBeside(dockerfile: string): Promise<LockFile | undefined> {
  const path = join(dirname(dockerfile), LOCK_FILE_NAME);
  try {
    if ((await stat(path)).size > LARGEST) return undefined;
    const parsed = await parseLock(await readFile(path, 'utf8'), path);
    return parsed.ok ? parsed.value : undefined;
  } catch {
    return undefined;
  }
}
