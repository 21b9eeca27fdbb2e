import { randomBytes } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- our own lock, which has to be new
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { diskError, errorCode, host, temporaryOwner, temporaryPath } from './disk.ts';

/** A process on another machine (shared home) cannot be looked up; its claim counts this long. */
const FOREIGN_CLAIM_MS = 24 * 60 * 60 * 1000;
/** A claim is empty for a moment. One that stays empty was left by a crash. */
const EMPTY_CLAIM_MS = 10_000;
/** Milliseconds between two tries; what is done alone takes minutes at most. */
const LOOK_MS = 200;
/** Two: a process that dies while it takes over does not lock the others out. */
const MOST_TAKEOVERS = 2;

/**
 * Claims `file` unless a running process has it; false where one has. The claim of a process that
 * is gone is taken over by the process that claims `file.takeover`: only that one may remove it.
 * The holder removes `file` when it is done. One that touches it may be on another machine, or in
 * another container, and counts until it was silent for `silentMs`.
 */
export async function claimAlone(file: string, silentMs = FOREIGN_CLAIM_MS): Promise<boolean> {
  try {
    return await claimWithin(file, MOST_TAKEOVERS, silentMs);
  } catch (error) {
    throw diskError(error, file);
  }
}

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

/** True while the process that claimed `file` runs. */
export async function isClaimed(file: string, silentMs?: number): Promise<boolean> {
  return (await stateOf(file, silentMs)) === 'claimed';
}

export async function isLeft(file: string, silentMs?: number): Promise<boolean> {
  return (await stateOf(file, silentMs)) === 'left';
}

/** Who claimed `file`; nothing where nobody did. */
export async function ownerOf(file: string): Promise<Owner> {
  return ownerIn(await readFile(file, 'utf8').catch(() => ''));
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

export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

async function claimWithin(file: string, takeovers: number, silentMs?: number): Promise<boolean> {
  const id = randomBytes(6).toString('hex');
  const started = await startOf(process.pid);
  const since = new Date().toISOString();
  const own = JSON.stringify({ pid: process.pid, host: host(), started, since, id });
  if (await isMade(file, own)) return true;
  if (takeovers === 0 || !(await isLeft(file, silentMs))) return false;
  const takeover = `${file}.takeover`;
  if (!(await claimWithin(takeover, takeovers - 1))) return false;
  try {
    // Another may have taken it over since the look above. From here on only we remove it.
    if (await isLeft(file, silentMs)) await rm(file, { force: true });
    return await isMade(file, own);
  } finally {
    await rm(takeover, { force: true });
  }
}

async function isMade(file: string, own: string): Promise<boolean> {
  try {
    await writeFile(file, own, { flag: 'wx' });
    return true;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    // A slow server (NFS) that is asked twice refuses what it made the first time.
    return (await readFile(file, 'utf8').catch(() => '')) === own;
  }
}

/** `left`: by a process that is gone. */
async function stateOf(
  file: string,
  silentMs = FOREIGN_CLAIM_MS,
): Promise<'claimed' | 'left' | 'gone'> {
  try {
    const { pid, host: where, started } = ownerIn(await readFile(file, 'utf8'));
    if (pid === undefined) return (await ageOf(file)) < EMPTY_CLAIM_MS ? 'claimed' : 'left';
    if (where !== host()) return (await ageOf(file)) < silentMs ? 'claimed' : 'left';
    if (!runs(pid)) return 'left';
    const now = await startOf(pid);
    return started === undefined || now === undefined || started === now ? 'claimed' : 'left';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    throw error;
  }
}

interface Owner {
  readonly pid?: number;
  readonly host?: string;
  readonly started?: string;
  readonly since?: string;
  readonly id?: string;
}

function ownerIn(text: string): Owner {
  try {
    // eslint-disable-next-line no-restricted-syntax -- our own lock
    const owner = JSON.parse(text) as Owner | null;
    return owner !== null && Number.isSafeInteger(owner.pid) && (owner.pid ?? 0) > 0 ? owner : {};
  } catch {
    return {};
  }
}

/** Milliseconds by the clock of the file system: this machine's may be another, or jump. */
async function ageOf(file: string): Promise<number> {
  const probe = temporaryPath(dirname(file));
  try {
    await writeFile(probe, '');
    return (await stat(probe)).mtimeMs - (await stat(file)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}

/** Boot and field 22 of /proc/PID/stat (proc(5)); undefined without such a file. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1');
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The command's name, field 2, may contain blanks and brackets.
    return `${boot.trim()} ${text.slice(text.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}
