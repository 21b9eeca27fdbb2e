import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync, type Stats } from 'node:fs';
import { access, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { diskError, errorCode, UserError } from '../lib/errors.ts';
import { lookup } from '../lib/json.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { quoted } from './documents.ts';

export { diskError, errorCode };

/** A name in `folder` that nobody else uses and that `isLeftover` knows: `.tmp-HOST-PID-RANDOM`. */
export function temporaryPath(folder: string): string {
  return join(folder, `.tmp-${host()}-${process.pid}-${randomBytes(6).toString('hex')}`);
}

/** The process that wrote a temporary file; undefined where the name is none of ours. */
export function temporaryOwner(
  name: string,
): { readonly host: string; readonly pid: number } | undefined {
  const match = /^\.tmp-([A-Za-z0-9_.]*)-(\d+)-[0-9a-f]{12}$/.exec(name);
  return match?.[1] === undefined ? undefined : { host: match[1], pid: Number(match[2]) };
}

let known: string | undefined;

/**
 * Where process numbers are unique: the machine's name and id, and the namespace of processes, in
 * letters that a file name allows. Containers that share a folder may share a name.
 */
export function host(): string {
  known ??= [
    hostname(),
    idOf('/etc/machine-id', readFileSync),
    idOf('/proc/self/ns/pid', readlinkSync),
  ]
    .filter((part) => part !== undefined)
    .join('.')
    .replace(/[^A-Za-z0-9_.]/g, '_');
  return known;
}

function idOf(path: string, read: (path: string) => string | Buffer): string | undefined {
  try {
    return createHash('sha256').update(read(path)).digest('hex').slice(0, 8);
  } catch {
    return undefined;
  }
}

export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export async function makeFolder(path: string): Promise<void> {
  try {
    await makeFolders(path, { mode: 0o700 });
  } catch (error) {
    throw diskError(error, path);
  }
}

interface ReplaceOptions {
  /** Mode of a new file, before the umask; default 0o644. */
  readonly mode?: number;
  /** The file that is replaced: its mode stays, and its owner where we may set one. */
  readonly before?: Stats | undefined;
  /** Wait until it is on the disk: for what cannot be made again. */
  readonly sync?: boolean;
}

/**
 * Puts a file at `path`, all or none: it is written beside, under a name that nobody can foretell
 * or have put a link at, and renamed. A reader finds the old content or the new; of two writers at
 * once one wins. Nothing is left behind where `write` throws.
 */
export async function replaceFile(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  { mode = 0o644, before, sync = false }: ReplaceOptions = {},
): Promise<void> {
  const beside = temporaryPath(dirname(path));
  try {
    // Never more open than it will be, not even for a moment.
    const file = await open(beside, 'wx', before === undefined ? mode : before.mode & 0o777);
    try {
      await write(file);
      if (before !== undefined) await takeAfter(file, before);
      if (sync) await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    if (sync) await syncFolder(dirname(path));
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function takeAfter(file: FileHandle, { uid, gid, mode }: Stats): Promise<void> {
  const mine = await file.stat();
  if (mine.uid !== uid || mine.gid !== gid) await file.chown(uid, gid).catch(() => undefined);
  await file.chmod(mode & 0o7777);
}

/** A name is on disk when its folder is. Systems that cannot open folders decide for themselves. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/**
 * Writes `bytes` to a file of ours. Not synced to the disk: what a power cut takes is built again.
 * Throws UserError for a full disk and a missing permission.
 */
export async function writeBeside(path: string, bytes: Uint8Array | string): Promise<void> {
  try {
    await replaceFile(path, (file) => file.writeFile(bytes));
  } catch (error) {
    throw diskError(error, path);
  }
}

const REASONS = lookup<string | undefined>({
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EISDIR: 'it is a folder',
  ELOOP: 'its links lead in a circle',
  EIO: 'the disk fails',
  ENAMETOOLONG: 'its name is too long',
});

/** What kept a file from being read, as an error for the user; anything else as it is. */
export function readError(error: unknown, path: string): unknown {
  const reason = REASONS[errorCode(error) ?? ''];
  if (reason === undefined) return error;
  const shown = quoted(path).slice(1, -1);
  return new UserError(`cannot read ${shown}: ${reason}`, { cause: error });
}
