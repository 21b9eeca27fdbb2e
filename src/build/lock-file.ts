import { access, constants } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { formatProblem } from '../config/document.ts';
import { parseLock } from '../config/lock.ts';
import { readText } from '../config/read-files.ts';
import { type JsonCache, openCache } from '../image/caches.ts';
import { RegistryError } from '../image/registry/http.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import { type Platform, platformName } from '../model/image.ts';
import { LOCK_FILE_NAME, type LockChange, type LockedImage, type LockFile } from '../model/lock.ts';
import { type Digest, formatReference, type ImageReference, isDigest } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { ruleSet } from '../normalize/catalogue.ts';
import type { ParsedBuild } from './command-line.ts';
import type { ContextSource } from './context-source.ts';
import type { LocalImage } from './docker.ts';
import { type NeededImage, SOURCE_POLICY_VARIABLE } from './images.ts';
import { changeLines } from './lock-changes.ts';
import { type LockRequest, withoutTarget } from './plan-lock.ts';
import type { BuildPlan, PassthroughPlan } from './plan.ts';
import { foundHere, type FoundImage, imageOfRegistry, type Registries } from './registries.ts';

const LARGEST_FILE = 16 * 1024 * 1024;

export interface FoundLock {
  readonly request: LockRequest;
  readonly text: string | undefined;
  /** What the file holds, though the build may not follow it. */
  readonly found: LockFile | undefined;
}

/** `update`: nothing of the lock is enforced, it is made again. */
export type LockMode = 'build' | 'update';

/**
 * The lock of a build: the file that `--lock=FILE` names, else `scoville.lock` beside the
 * Dockerfile. Undefined where there is none and none is to be written. Throws UserError for one
 * that cannot be read, with line and column, and where `--locked` finds none.
 */
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
  // A folder that may not be looked into holds no Dockerfile for BuildKit either, which says so in
  // its own words.
  const text =
    path === undefined || !(isNamed || (await canLookInto(dirname(path))))
      ? undefined
      : await readLockText(path);
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
  const obstacle = obstacleOf(reproducible.pin, context.env);
  if (obstacle !== undefined) {
    if (locked || wanted)
      throw new UserError(`${obstacle.what}, so ${path} cannot pin the images`, {
        nextStep: obstacle.fix,
      });
    context.emit({ kind: 'notice', text: `${path} is left unread: ${obstacle.what}` });
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

/** What keeps a policy from being set; a lock that enforces nothing must not look as if it did. */
function obstacleOf(
  pin: boolean,
  env: PipelineContext['env'],
): { readonly what: string; readonly fix: string } | undefined {
  if (!pin)
    return {
      what: 'pins are off',
      fix: 'leave out --pin=false (reproducible.pin in .scoville.yaml)',
    };
  if ((env[SOURCE_POLICY_VARIABLE] ?? '') === '') return undefined;
  return {
    what: `${SOURCE_POLICY_VARIABLE} is set, and that policy stands`,
    fix: `unset ${SOURCE_POLICY_VARIABLE}`,
  };
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

async function canLookInto(folder: string): Promise<boolean> {
  return access(folder, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** A lock file's text; undefined if none. Throws UserError if no file, over 16 MiB or not text. */
export function readLockText(path: string): Promise<string | undefined> {
  return readText(path, { largest: LARGEST_FILE, utf8: 'required' });
}

/**
 * Throws UserError (exit code 2) if `--locked` is given and what is known before the build differs
 * from the lock, or there is no image to check.
 */
export function requireNoDrift(plan: BuildPlan | PassthroughPlan, locked: boolean): void {
  if (!locked) return;
  if (plan.kind === 'passthrough')
    throw new UserError(`--locked: ${plan.reason}, so that the lock cannot be enforced`);
  const { lock, hermetic } = plan;
  if (lock === undefined) return;
  const drift = hermetic === undefined ? lock.drift : withoutTarget(lock.drift);
  if (drift.length > 0) throw driftError(lock.path, drift);
}

/** What `--locked` ends with: each thing that is not as the lock says. */
export function driftError(path: string, changes: readonly LockChange[]): UserError {
  return new UserError(
    [`--locked: the build departs from ${path}`, ...changeLines(changes)].join('\n  '),
    { nextStep: 'scoville lock PATH takes it into the lock; nothing was published' },
  );
}

interface Where {
  readonly context: PipelineContext;
  readonly registries: Registries;
  readonly platform: Platform;
  readonly lockPath: string;
  /** What cannot be asked for is an error, where the lock is made again. */
  readonly strict: boolean;
  /** A replay asks no registry for what the recording got from it. */
  readonly hermetic?: 'record' | 'replay' | undefined;
}

/**
 * The images of a build with a lock: what the lock holds at the digest it gives, whatever its tag
 * says now; the others from their registries, and from the engine's store only where no registry
 * has them. Throws UserError where a registry has lost a locked digest.
 */
export async function resolveLocked(
  where: Where,
  needed: readonly NeededImage[],
  locked: ReadonlyMap<string, LockedImage>,
  local: readonly (LocalImage | undefined)[],
): Promise<readonly FoundImage[]> {
  const { context, platform, hermetic } = where;
  const known = hermetic === undefined ? undefined : new KnownImages(context, platform);
  const found = await Promise.all(
    needed.map(async ({ reference }, i): Promise<FoundImage | undefined> => {
      const name = formatReference(reference);
      const entry = locked.get(name);
      const here = local[i];
      const digest = reference.digest ?? entry?.digest;
      const recorded = hermetic === 'replay' ? await known?.recall({ name, digest }) : undefined;
      const platforms = entry?.platforms ?? new Map<string, Digest>();
      if (recorded !== undefined)
        return { reference, name, digest, platforms, local: false, ...recorded };
      if (entry !== undefined && !entry.local && reference.digest === undefined)
        return atLockedDigest(where, reference, name, entry);
      if (entry?.local === true && here !== undefined) return foundHere(reference, here);
      return newlyFound(where, reference, name, here);
    }),
  );
  const images = found.filter((image) => image !== undefined);
  for (const image of images) if (!image.local) await known?.remember(image);
  return images;
}

async function atLockedDigest(
  where: Where,
  reference: ImageReference,
  name: string,
  { digest, platforms }: LockedImage,
): Promise<FoundImage> {
  const { context, registries, platform, lockPath } = where;
  const asked = { ...reference, digest };
  const held = { reference, name, digest, platforms, local: false };
  const image = await imageOfRegistry(registries, asked, name, platform).catch((error: unknown) => {
    context.signal.throwIfAborted();
    tell(where, `${name} was not looked up, its digest is the lock's`, error);
    return 'not asked' as const;
  });
  if (image === 'not asked') return { ...held, created: undefined, layers: undefined };
  if (image === undefined)
    throw new UserError(`${reference.registry} no longer has ${name}@${digest} of ${lockPath}`, {
      nextStep: 'scoville lock PATH locks what the tag points to now',
    });
  return { ...image, ...held };
}

async function newlyFound(
  where: Where,
  reference: ImageReference,
  name: string,
  here: LocalImage | undefined,
): Promise<FoundImage | undefined> {
  const { context, registries, platform } = where;
  try {
    const image = await imageOfRegistry(registries, reference, name, platform);
    if (image !== undefined) return image;
  } catch (error) {
    context.signal.throwIfAborted();
    if (where.strict && !isRefusal(error))
      throw new UserError(`${name} cannot be resolved: ${messageOf(error)}`, { cause: error });
    if (here === undefined) tell(where, `${name} was not resolved before the build`, error);
  }
  if (here !== undefined) return foundHere(reference, here);
  if (where.strict)
    throw new UserError(`neither ${reference.registry} nor the engine has ${name}`, {
      nextStep: 'check the name in the Dockerfile',
    });
  return undefined;
}

/** The registry answered, but has no such image for us: an engine's own image is in no registry. */
function isRefusal(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof RegistryError && [401, 403, 404].includes(cause.status);
}

function tell({ context }: Where, what: string, error: unknown): void {
  context.emit({ kind: 'notice', text: `${what}: ${messageOf(error)}` });
}

const SCHEMA = 1;

type Known = Pick<FoundImage, 'created' | 'layers'>;

/**
 * What registries have said of images at a digest, which does not change: a replay asks nobody
 * again.
 */
class KnownImages {
  readonly #cache: JsonCache;
  readonly #platform: string;

  constructor(context: PipelineContext, platform: Platform) {
    this.#cache = openCache(context, 'images', SCHEMA);
    this.#platform = platformName(platform);
  }

  async recall({ name, digest }: Pick<FoundImage, 'name' | 'digest'>): Promise<Known | undefined> {
    const found = await this.#cache.get(this.#key(name, digest));
    if (!isObject(found)) return undefined;
    const { created, layers } = found;
    if (typeof created !== 'string' || !Array.isArray(layers) || !layers.every(isDigest))
      return undefined;
    return { created, layers };
  }

  async remember({ name, digest, created, layers }: FoundImage): Promise<void> {
    if (digest === undefined || created === undefined || layers === undefined) return;
    await this.#cache.set(this.#key(name, digest), { created, layers });
  }

  #key(name: string, digest: string | undefined): string {
    return `${name}@${digest ?? ''} ${this.#platform}`;
  }
}
