import { dirname } from 'node:path';

/** Exit codes: 0 met, 1 judged and short of the gate, 2 not judged or bad usage, 130 on Ctrl-C. */
export const EXIT = { met: 0, short: 1, failed: 2, interrupted: 130 } as const;

/** Something the user can fix: what happened, and the next step that fixes it. */
export class UserError extends Error {
  override readonly name: string = 'UserError';
  /** The one next step: a command, a flag or a place to look. */
  readonly nextStep: string | undefined;
  readonly exitCode: number;

  constructor(
    message: string,
    options: { nextStep?: string; cause?: unknown; exitCode?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.nextStep = options.nextStep;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** A tool that we started ended badly, with the tail of its stderr. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly stderrTail: string;
  readonly nextStep: string | undefined;

  constructor(
    message: string,
    details: { stderrTail: string; nextStep?: string; cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.stderrTail = details.stderrTail;
    this.nextStep = details.nextStep;
  }
}

/** The proxy on the way failed, not the server; `proxy` is its host and port, no password. */
export class ProxyError extends UserError {
  override readonly name = 'ProxyError';
  readonly proxy: string;
  /** `it answered 407`, or the code of the system's error. */
  readonly why: string;

  constructor(proxy: string, why: string, cause: unknown) {
    super(`no way through the proxy ${proxy}: ${why}`, { cause, nextStep: wayThrough(why) });
    this.proxy = proxy;
    this.why = why;
  }

  /** For a reason that is a text: what happened, and what to do. */
  get advice(): string {
    return `${this.message}; ${this.nextStep ?? ''}`;
  }
}

function wayThrough(why: string): string {
  if (/ 40[17]$|password/i.test(why)) {
    const scheme = / 40[17]$/.test(why) ? 'http' : 'socks5';
    return `put the user and password of the proxy into its address: HTTPS_PROXY=${scheme}://USER:PASSWORD@HOST:PORT`;
  }
  return / 403$/.test(why)
    ? 'ask who runs the proxy to allow this host'
    : 'check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY';
}

/** The user pressed Ctrl-C, or a signal asked us to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The message of anything thrown, on one line. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The user's disk does not do what we ask of it. */
export class DiskError extends UserError {}

const OTHERS = 'Name other folders with SCOVILLE_HOME and TMPDIR.';
const MOVE = 'Move it away, then try again.';
const FULL = [
  'no space left on the disk while writing',
  'Free some with `scoville prune` and `docker system prune`, then try again.',
] as const;
const REFUSED = [
  'no permission to write',
  'Make FOLDER writable for your user, or name another folder with SCOVILLE_HOME.',
] as const;
const FILES = ['too many files are open for', 'Allow more: ulimit -n 4096'] as const;
/** What happened, before the name of the file, and what to do; FOLDER is that of the file. */
const OF_THE_DISK: Readonly<Record<string, readonly [what: string, nextStep: string]>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: REFUSED,
  EPERM: REFUSED,
  EROFS: REFUSED,
  ENOTDIR: ['a file is where a folder should be, at or above', MOVE],
  EISDIR: ['a folder is where a file should be:', MOVE],
  ELOOP: ['symbolic links form a loop at', OTHERS],
  ENAMETOOLONG: ['the path is too long:', OTHERS],
  EMFILE: FILES,
  ENFILE: FILES,
  EIO: ['the disk fails at', MOVE],
};

/**
 * An error of the user's disk as DiskError, with the file and what to do. Any other error as it is.
 * `path` defaults to the one in the error.
 */
export function diskError(error: unknown, path = pathOf(error)): unknown {
  if (error instanceof UserError) return error;
  const isFull = /no space left on device|disk quota exceeded/i.test(messageOf(error));
  const code = errorCode(error) ?? (isFull ? 'ENOSPC' : '');
  if (code === 'ENOENT' && isOfNewFolder(error))
    return new DiskError(`no such folder: ${dirname(path ?? '')}`, {
      nextStep: OTHERS,
      cause: error,
    });
  const found = OF_THE_DISK[code];
  // Without a path, a port or a process was refused.
  if (found === undefined || (found === REFUSED && path === undefined)) return error;
  const [what, advice] = found;
  const nextStep = advice.replace('FOLDER', () => dirname(path ?? ''));
  return new DiskError(`${what} ${path ?? 'a file'}`, { nextStep, cause: error });
}

/** We only make folders of our own, so the missing parent is the user's TMPDIR or a broken link. */
function isOfNewFolder(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && /^mkd/.test(String(error.syscall));
}

export function isFullDisk(error: unknown): boolean {
  return error instanceof DiskError && error.nextStep === FULL[1];
}

/** Same for work in `folder`: errors of writing do not name a file. */
export function diskErrorIn(folder: string, error: unknown): unknown {
  return pathOf(error) === undefined ? diskError(error, folder) : error;
}

function pathOf(error: unknown): string | undefined {
  return error instanceof Error && 'path' in error && typeof error.path === 'string'
    ? error.path
    : undefined;
}

export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** For failures that a caller expects: a value, not a throw. */
export type Result<T, E = string> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** Closes a switch over a union: the compiler refuses a case that was left out. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
