import { rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { host, makeFolder } from '../image/disk.ts';
import { claimAlone, isClaimed, ownerOf } from '../image/owner.ts';
import { UserError } from '../lib/errors.ts';

/** How often a holder shows that it is alive, to those that cannot see its process. */
const TOUCH_MS = 4_000;
const SILENT_MS = 2.5 * TOUCH_MS;

/**
 * Makes a folder this process's own, by a file `lock` in it. Throws UserError that names the
 * process that has it. The lock of a process that ended is taken over, of one in another container
 * when it was silent for a while.
 */
export async function takeFolder(folder: string): Promise<{ free: () => Promise<void> }> {
  await makeFolder(folder);
  const lock = join(folder, 'lock');
  const touched = async (): Promise<number> =>
    (await stat(lock).catch(() => undefined))?.mtimeMs ?? 0;
  const before = await touched();
  while (!(await claimAlone(lock, SILENT_MS))) {
    const { pid, host: where = '', since } = await ownerOf(lock);
    const isSeen = where === host() || (await touched()) !== before;
    if (isSeen && pid !== undefined && (await isClaimed(lock, SILENT_MS))) {
      const on = where === host() ? '' : ` on ${where.split('.')[0] ?? ''}`;
      throw new UserError(`${folder} is in use by process ${pid}${on}, since ${since}`, {
        nextStep: 'stop that process, or name another folder with --database',
      });
    }
    await wait(250);
  }
  const { id } = await ownerOf(lock);
  const touch = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => undefined);
  }, TOUCH_MS).unref();
  return {
    free: async () => {
      clearInterval(touch);
      // Not one that another process took over while this one was suspended.
      if ((await ownerOf(lock)).id === id) await rm(lock, { force: true });
    },
  };
}
