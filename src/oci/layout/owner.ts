import { link, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { diskError, errorCode, host, temporaryOwner, temporaryPath } from '../blobs/disk.ts';
import { writeBeside } from '../blobs/replace-file.ts';

/** A process on another machine (shared home) cannot be looked up; its claim counts this long. */
const FOREIGN_CLAIM_MS = 24 * 60 * 60 * 1000;
/** Without links a claim is empty for a moment. One that stays empty was left by a crash. */
const EMPTY_CLAIM_MS = 10_000;
const WITHOUT_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'];

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Machine boot and process start, by the kernel: tells a later process of this number apart. */
  readonly started: string | undefined;
}

/** Writes down that this process uses what `file` stands for. */
export async function claim(file: string): Promise<void> {
  await writeBeside(file, JSON.stringify(await self()));
}

/**
 * Claims `file` unless a running process has it; false where one has. A dead one's claim is taken
 * over by the process that claims `file.takeover` first: only they may replace it, so that nobody
 * removes a claim that was made since they looked. Times are those of the file system, not of this
 * machine.
 */
export async function claimAlone(file: string): Promise<boolean> {
  return claimWithin(file, MOST_TAKEOVERS);
}

/** In milliseconds; what is done alone takes minutes at most, and its end is looked for. */
const LOOK_MS = 200;

/**
 * Does `work` while no other process has the lock `file`; waits for the one that has it. Throws
 * what `work` throws, and where `signal` ends the wait.
 */
export async function whileAlone<T>(
  file: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  while (!(await claimAlone(file))) await setTimeout(LOOK_MS, undefined, { signal });
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** A takeover whose process died is taken over, too; so many in a row are no accident. */
const MOST_TAKEOVERS = 8;

async function claimWithin(file: string, takeovers: number): Promise<boolean> {
  const temporary = temporaryPath(dirname(file));
  try {
    const content = JSON.stringify(await self());
    await writeFile(temporary, content, { flag: 'wx' });
    const first = (): Promise<boolean> => isFirst(temporary, file, content);
    if (await first()) return true;
    const now = (await stat(temporary)).mtimeMs;
    if (takeovers === 0 || (await isClaimed(file, now))) return false;
    const takeover = `${file}.takeover`;
    if (!(await claimWithin(takeover, takeovers - 1))) return false;
    try {
      // Between the look and the takeover another may have been here, and gone: what is not there
      // has to be made, for the next one may make it before it would be replaced.
      for (;;) {
        if (await first()) return true;
        const found = await stateOf(file, now);
        if (found === 'claimed') return false;
        if (found === 'left') break;
      }
      await rename(temporary, file);
      return true;
    } finally {
      await rm(takeover, { force: true });
    }
  } catch (error) {
    throw diskError(error, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A link appears with its content or not at all; a file opened for writing is empty at first. */
async function isFirst(temporary: string, file: string, content: string): Promise<boolean> {
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (WITHOUT_LINKS.includes(code)) return isFirstWithoutLinks(file, content);
    if (code !== 'EEXIST') throw error;
    // A server that was slow is asked twice, and refuses what it did at first: the names tell
    // (link(2), NFS).
    return (await stat(temporary)).nlink > 1;
  }
}

async function isFirstWithoutLinks(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** This process as the content of a claim. */
async function self(): Promise<Owner> {
  return { pid: process.pid, host: host(), started: await startOf(process.pid) };
}

/** True while the process that claimed `file` runs. `now` in milliseconds. */
export async function isClaimed(file: string, now: number): Promise<boolean> {
  return (await stateOf(file, now)) === 'claimed';
}

/** `left`: by a process that is gone, and nobody but who takes it over removes it. */
async function stateOf(file: string, now: number): Promise<'claimed' | 'left' | 'gone'> {
  try {
    const owner = parseOwner(await readFile(file, 'utf8'));
    const age = now - (await stat(file)).mtimeMs;
    return (await isHeld(owner, age)) ? 'claimed' : 'left';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    throw error;
  }
}

async function isHeld(owner: Owner | undefined, age: number): Promise<boolean> {
  if (owner === undefined) return age < EMPTY_CLAIM_MS;
  if (owner.host !== host()) return age < FOREIGN_CLAIM_MS;
  if (!runs(owner.pid)) return false;
  const started = await startOf(owner.pid);
  return owner.started === undefined || started === undefined || started === owner.started;
}

/** Removes files of `folder` that processes of this machine had half written when they died. */
export async function removeLeftFiles(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (isLeftover(name)) await rm(join(folder, name), { force: true }).catch(() => undefined);
}

/** A half-written file of a process that is gone. */
export function isLeftover(name: string): boolean {
  const owner = temporaryOwner(name);
  return owner !== undefined && owner.host === host() && !runs(owner.pid);
}

/** True where the process that claimed `file` is gone. */
export async function isLeft(file: string, now: number): Promise<boolean> {
  return (await stateOf(file, now)) === 'left';
}

/** True where a process of that number runs on this machine. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value = JSON.parse(text) as Partial<Owner> | null;
    if (value === null || !Number.isSafeInteger(value.pid) || (value.pid ?? 0) <= 0)
      return undefined;
    return { pid: value.pid ?? 0, host: String(value.host), started: value.started };
  } catch {
    return undefined;
  }
}

/** Boot and field 22 of /proc/PID/stat (proc(5)); undefined where there is no such file. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1');
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The command's name, field 2, may hold blanks and brackets.
    return `${boot.trim()} ${text.slice(text.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}
