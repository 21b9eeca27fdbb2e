import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { diskError, errorCode, host, temporaryPath, writeBeside } from './disk.ts';

/** On another machine (a home on a network drive) nobody can ask for the process; its claim counts this long. */
const FOREIGN_CLAIM_MS = 24 * 60 * 60 * 1000;

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Start time of the process as the kernel counts it: tells it from a later one of the same number. */
  readonly started: string | undefined;
}

/** Writes down that this process uses what `file` stands for. */
export async function claim(file: string): Promise<void> {
  await writeBeside(file, JSON.stringify(await self()));
}

/** Claims `file` unless a running process has it; false where one has. A dead one's claim is taken over. */
export async function claimAlone(file: string, now: number): Promise<boolean> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await linkClaim(file);
      return true;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw diskError(error, file);
      if (await isClaimed(file, now)) return false;
      await rm(file, { force: true });
    }
  }
  return false;
}

/** A link is there with its content or not at all; a file opened for writing is empty for a moment. */
async function linkClaim(file: string): Promise<void> {
  const temporary = temporaryPath(dirname(file));
  try {
    await writeFile(temporary, JSON.stringify(await self()), { flag: 'wx' });
    await link(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** This process as the content of a claim. */
async function self(): Promise<Owner> {
  return { pid: process.pid, host: host(), started: await startOf(process.pid) };
}

/** True while the process that claimed `file` runs. `now` in milliseconds. */
export async function isClaimed(file: string, now: number): Promise<boolean> {
  try {
    const owner = parseOwner(await readFile(file, 'utf8'));
    const age = now - (await stat(file)).mtimeMs;
    if (owner === undefined) return false;
    if (owner.host !== host()) return age < FOREIGN_CLAIM_MS;
    if (!runs(owner.pid)) return false;
    const started = await startOf(owner.pid);
    return owner.started === undefined || started === undefined || started === owner.started;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
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

/** Field 22 of /proc/PID/stat (proc(5)); undefined where there is no such file. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The command's name, field 2, may hold blanks and brackets.
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
