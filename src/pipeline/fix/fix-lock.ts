import { dirname, join } from 'node:path';
import { parseLock } from '../../config/parse-lock.ts';
import { LOCK_FILE_NAME, type LockFile } from '../../model/lock.ts';
import { readLockText } from '../lock/lock-file.ts';

/** The lock beside a Dockerfile; undefined where there is none, or none that can be read: builds tell of that. */
export async function readLockBeside(dockerfile: string): Promise<LockFile | undefined> {
  const path = join(dirname(dockerfile), LOCK_FILE_NAME);
  const text = await readLockText(path).catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = await parseLock(text, path);
  return parsed.ok ? parsed.value : undefined;
}
