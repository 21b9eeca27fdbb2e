import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import { diskError, errorCode } from '../../model/errors.ts';

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
 * Where a process number means one process, in letters that a file name may hold: the machine's
 * name and id, and the namespace of processes. Containers that share a folder may share a name.
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

/** True where a path leads to something, links followed. */
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
