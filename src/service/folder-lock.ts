import { readFileSync } from 'node:fs';
// eslint-disable-next-line no-restricted-imports -- a file of ours, whose name is the lock
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { diskError, host, makeFolder, temporaryPath } from '../image/disk.ts';
import { runs } from '../image/owner.ts';
import { errorCode, UserError } from '../lib/errors.ts';

interface Holder {
  readonly pid: number;
  /** Where process numbers are unique: the machine, and its namespace of processes. */
  readonly host: string;
  /** When the process began, in ticks of its kernel: another may get its number. */
  readonly began: string | undefined;
  readonly since: string;
}

/** How often a holder shows that it is alive, to those that cannot see its process. */
const TOUCH_MS = 4_000;

/**
 * Makes a folder this process's own, by a file `lock` in it. Throws UserError that names the
 * process that has it. The lock of a process that ended is taken over.
 */
export async function takeFolder(folder: string): Promise<{ free: () => Promise<void> }> {
  await makeFolder(folder);
  const path = join(folder, 'lock');
  const text = JSON.stringify({
    pid: process.pid,
    host: host(),
    began: beganAt(process.pid),
    since: new Date().toISOString(),
  } satisfies Holder);
  const mine = temporaryPath(folder);
  try {
    // eslint-disable-next-line no-restricted-syntax -- a file of ours, which nobody else writes
    const file = await open(mine, 'wx', 0o600);
    await file.writeFile(text).finally(() => file.close());
    while (!(await linked(mine, path))) await removeStale(path, folder);
  } catch (error) {
    throw diskError(error, path);
  } finally {
    await rm(mine, { force: true });
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, TOUCH_MS).unref();
  return {
    free: async () => {
      clearInterval(touch);
      const there = await readFile(path, 'utf8').catch(() => '');
      if (there === text) await rm(path, { force: true });
    },
  };
}

/** True where the name was free; a reader never sees half of the file. */
function linked(from: string, to: string): Promise<boolean> {
  return link(from, to).then(
    () => true,
    (error: unknown) => {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    },
  );
}

/** Returns when the lock may be tried again; throws where a process has it. */
async function removeStale(path: string, folder: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const holder = holderOf(text);
  if (holder !== undefined && (await isAlive(holder, path))) {
    const where = holder.host === host() ? '' : ` on ${holder.host.split('.')[0] ?? ''}`;
    throw new UserError(
      `${folder} is in use by process ${holder.pid}${where}, since ${holder.since}`,
      { nextStep: 'stop that process, or name another folder with --database' },
    );
  }
  // Of two that find it stale, the second may move the lock of the first: that one goes back.
  const moved = temporaryPath(folder);
  await rename(path, moved).catch(() => undefined);
  const taken = await readFile(moved, 'utf8').catch(() => text);
  if (taken !== text) await linked(moved, path);
  await rm(moved, { force: true });
}

function holderOf(text: string): Holder | undefined {
  try {
    // eslint-disable-next-line no-restricted-syntax -- a file of ours, which no engine reads
    return JSON.parse(text) as Holder;
  } catch {
    return undefined;
  }
}

/** A process that cannot be seen from here (another container) is alive if it touches its lock. */
async function isAlive(holder: Holder, path: string): Promise<boolean> {
  if (holder.host === host()) {
    // Without /proc, its number is all there is.
    return holder.began === undefined ? runs(holder.pid) : beganAt(holder.pid) === holder.began;
  }
  const touched = async (): Promise<number> =>
    (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  const before = await touched();
  const end = performance.now() + 2 * TOUCH_MS + 1_000;
  while (performance.now() < end) {
    await wait(250);
    if ((await touched()) !== before) return true;
  }
  return false;
}

/** Field 22 of /proc/PID/stat; the name before it may have spaces and brackets. */
function beganAt(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    // Killed, and its parent has not asked for its exit code yet.
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
