import { access, constants } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { formatProblem } from '../config/document.ts';
import { parseLock } from '../config/lock.ts';
import { readText } from '../config/read-files.ts';
import { UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import { LOCK_FILE_NAME, type LockChange, type LockFile } from '../model/lock.ts';
import type { Settings } from '../model/settings.ts';
import { ruleSet } from '../normalize/catalogue.ts';
import type { ParsedBuild } from './command-line.ts';
import type { ContextSource } from './context-source.ts';
import { SOURCE_POLICY_VARIABLE } from './images.ts';
import { changeLines } from './lock-changes.ts';
import { type LockRequest, withoutTarget } from './plan-lock.ts';
import type { BuildPlan, PassthroughPlan } from './plan.ts';

const LARGEST_FILE = 16 * 1024 * 1024;

export interface FoundLock {
  readonly request: LockRequest;
  readonly text: string | undefined;
  /** What the file says, though the build may not follow it. */
  readonly found: LockFile | undefined;
}

/** `update`: nothing of the lock is enforced, it is made again. */
export type LockMode = 'build' | 'update';

/** The lock of a build, if there is one or one is wanted. Throws UserError for a bad one. */
export async function findLock(
  context: Pick<PipelineContext, 'cwd' | 'env' | 'emit'>,
  parsed: ParsedBuild,
  settings: Settings,
  source: ContextSource,
  mode: LockMode,
): Promise<FoundLock | undefined> {
  const { lock, locked } = parsed.own;
  if (locked && (lock === false || mode === 'update'))
    throw new UserError(
      lock === false ? '--locked and --lock=false exclude each other' : 'update takes no --locked',
    );
  if (lock === false && (parsed.own.record || parsed.own.replay))
    throw new UserError('a recording is kept in the lock: --lock=false excludes it');
  if (lock === false && mode === 'build') return undefined;
  const path = lockPath(lock, source, context.cwd);
  const isNamed = typeof lock === 'string';
  // BuildKit cannot read a Dockerfile in an unreadable folder either, and says so in its own words.
  const canLook = (folder: string): Promise<boolean> =>
    access(folder, constants.X_OK).then(
      () => true,
      () => false,
    );
  const isReadable = path !== undefined && (isNamed || (await canLook(dirname(path))));
  const text = isReadable ? await readLockText(path) : undefined;
  const { reproducible, hermetic } = settings;
  const wanted = mode === 'update' || lock !== undefined || settings.lock || hermetic !== 'off';
  if (path === undefined || (text === undefined && !wanted && !locked)) {
    if (wanted || locked)
      throw new UserError('a context that is not a folder has no place for a lock file', {
        nextStep: 'name one: --lock=FILE',
      });
    return undefined;
  }
  if (text === undefined && locked)
    throw new UserError(`--locked: ${path} not found`, {
      nextStep: 'scoville lock PATH writes it',
    });
  const isSet = (context.env[SOURCE_POLICY_VARIABLE] ?? '') !== '';
  if (!reproducible.pin || isSet) {
    // A lock that enforces nothing must not look as if it did.
    const [what, nextStep] = reproducible.pin
      ? [
          `${SOURCE_POLICY_VARIABLE} is set, and that policy stands`,
          `unset ${SOURCE_POLICY_VARIABLE}`,
        ]
      : ['pins are off', 'leave out --pin=false (reproducible.pin in .scoville.yaml)'];
    if (locked || wanted)
      throw new UserError(`${what}, so ${path} cannot pin the images`, { nextStep });
    context.emit({ kind: 'notice', text: `${path} is left unread: ${what}` });
    return undefined;
  }
  const found = text === undefined ? undefined : await readLock(text, path);
  const request = {
    path,
    before: mode === 'update' ? undefined : found,
    locked,
    dockerfile: source.dockerfilePath === undefined ? undefined : basename(source.dockerfilePath),
    normaliser: ruleSet(reproducible.mode, reproducible).id,
  };
  return { request, text, found };
}

function lockPath(
  lock: boolean | string | undefined,
  { dockerfilePath, directory }: ContextSource,
  cwd: string,
): string | undefined {
  if (typeof lock === 'string') return resolve(cwd, lock);
  const folder = dockerfilePath === undefined ? directory : dirname(dockerfilePath);
  return folder === undefined ? undefined : join(folder, LOCK_FILE_NAME);
}

async function readLock(text: string, path: string): Promise<LockFile> {
  const lock = await parseLock(text, path);
  if (lock.ok) return lock.value;
  const [first, ...rest] = lock.error.slice(0, 20).map(formatProblem);
  throw new UserError([first, ...rest].join('\n  '), {
    nextStep: 'fix it, or remove it and run `scoville lock`',
  });
}

/** A lock file's text; undefined if none. Throws UserError if no file, over 16 MiB or not text. */
export function readLockText(path: string): Promise<string | undefined> {
  return readText(path, { largest: LARGEST_FILE, utf8: 'required' });
}

/** Throws UserError where `--locked` is given and what is known before the build departs. */
export function requireNoDrift(plan: BuildPlan | PassthroughPlan, locked: boolean): void {
  if (!locked) return;
  if (plan.kind === 'passthrough')
    throw new UserError(`--locked: ${plan.reason}, so that the lock cannot be enforced`);
  const { lock, hermetic } = plan;
  if (lock === undefined) return;
  const drift = hermetic === undefined ? lock.drift : withoutTarget(lock.drift);
  if (drift.length > 0) throw driftError(lock.path, drift);
}

export function driftError(path: string, changes: readonly LockChange[]): UserError {
  return new UserError(
    [`--locked: the build departs from ${path}`, ...changeLines(changes)].join('\n  '),
    { nextStep: 'scoville lock PATH takes it into the lock; nothing was published' },
  );
}
