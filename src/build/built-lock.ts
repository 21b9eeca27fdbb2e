import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { formatProblem } from '../config/document.ts';
import { parseLock } from '../config/lock.ts';
import { writeFileBeside } from '../config/project-files.ts';
import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { requireTool } from '../lib/tool-versions.ts';
import type { PipelineContext } from '../model/context.ts';
import { LOCK_FILE_NAME, type LockChange, type LockFile } from '../model/lock.ts';
import { provenanceOf } from './build-on-bases.ts';
import { currentBuilder } from './buildx.ts';
import { ignoreFiles } from './context-source.ts';
import type { FinalImage } from './image-under-build.ts';
import { changeLines, mapChanges, packageChanges } from './lock-changes.ts';
import { driftError, readLockText } from './lock-file.ts';
import { completed, isAddition, lockedRemotes, lockText, withoutTarget } from './plan-lock.ts';
import type { BuildPlan } from './plan.ts';
import type { Build, Built, Checked } from './states.ts';

export async function lockOfBuilt(
  context: PipelineContext,
  { plan, store, recording }: Pick<Built, 'plan' | 'store' | 'recording'>,
  image: FinalImage,
): Promise<LockFile | undefined> {
  if (plan.lock === undefined) return undefined;
  const built = image.platforms.map((platform) => platform.built);
  const provenance = built.flatMap((one) => provenanceOf(one) ?? []);
  const { remotes, secret } = lockedRemotes(provenance.flatMap(({ materials }) => materials));
  for (const address of secret)
    context.emit({
      kind: 'notice',
      text: `${address} is not locked: its address contains a secret, which must not get into git`,
    });
  const { packagesOfImage } = await import('./lock-packages.ts');
  const { source, name } = provenance[0]?.frontend ?? {};
  const frontend = source ?? name;
  // A replay leaves the lock what it is.
  const { fetches, incomplete } =
    (plan.hermetic === 'record' ? recording : undefined) ?? plan.lock.before ?? {};
  return {
    ...plan.lock.now,
    builder: given({ frontend }),
    // Without provenance nothing is known of what ADD fetched.
    remotes: provenance.length === 0 ? (plan.lock.before?.remotes ?? remotes) : remotes,
    packages: await packagesOfImage(context, store.blobs, image),
    ...given({ fetches, incomplete }),
  };
}

/** Reports drift; with `--locked` throws it as UserError, and what the lock lacks too. */
export function checkBuilt(context: PipelineContext, plan: BuildPlan, built: LockFile): void {
  const { lock } = plan;
  if (lock?.before === undefined) return;
  const { before, drift, path, locked } = lock;
  // Another stage, or another Dockerfile, installs and fetches other things.
  const changes = [
    ...(plan.hermetic === undefined ? drift : withoutTarget(drift)),
    ...(isOfAnother(drift) ? [] : builtChanges(before, built)),
  ];
  if (changes.length === 0) return;
  if (locked) throw driftError(path, changes);
  const added = changes.filter(isAddition);
  const drifted = changes.filter((change) => !isAddition(change));
  for (const line of changeLines(added))
    context.emit({ kind: 'notice', text: `${path} lacks what this build uses, added: ${line}` });
  for (const line of changeLines(drifted))
    context.emit({ kind: 'notice', text: `not as ${path} says: ${line}` });
  if (drifted.length > 0)
    context.emit({
      kind: 'notice',
      text: 'scoville lock takes this into the lock, --locked makes it an error',
    });
}

function builtChanges(before: LockFile, built: LockFile): readonly LockChange[] {
  const remotes = mapChanges('remote', before.remotes, built.remotes).filter(
    ({ after }) => after !== undefined,
  );
  const packages = [...built.packages].flatMap(([platform, found]) =>
    packageChanges(platform, before.packages.get(platform), found),
  );
  return [...remotes, ...packages];
}

/** The lock is of another stage or Dockerfile: its packages are not those of this build. */
function isOfAnother(drift: readonly LockChange[]): boolean {
  return drift.some(({ subject }) => subject === 'target' || subject === 'dockerfile');
}

/** Writes a build's lock, or what it lacks. Does nothing with `--locked` or if nothing is new. */
export async function keepLock(context: PipelineContext, build: Checked): Promise<void> {
  const { builtLock: built, plan } = build;
  const { lock } = plan;
  if (built === undefined || lock === undefined || lock.locked) return;
  const { before, path } = lock;
  if (before === undefined) {
    await writeLock(context, build, built);
    context.emit({ kind: 'notice', text: `${path} is written: keep it in git` });
    return;
  }
  const taken = isOfAnother(lock.drift)
    ? { ...built, remotes: before.remotes, packages: before.packages }
    : built;
  const next = completed(before, { ...taken, ...recordedBeside(build, before, built) });
  if ((await lockText(next)) !== (await lockText(before))) await replace(build, next);
}

/** What other targets, also of this bake, recorded and fetched stays: each needs its own. */
function recordedBeside(
  { plan, together }: Build,
  before: LockFile,
  built: LockFile,
): Partial<LockFile> {
  const { lock, hermetic } = plan;
  if (hermetic !== 'record' || lock === undefined || built.fetches === undefined) return {};
  const { fetches, incomplete = new Map<string, string[]>() } =
    together.shared?.get(lock.path)?.recording ?? built;
  if (!isOfAnother(lock.drift)) return { fetches: fetches ?? built.fetches, incomplete };
  const again = fetches ?? built.fetches;
  const others = [...(before.incomplete ?? [])].filter(([stage]) => !again.has(stage));
  return {
    fetches: new Map([...(before.fetches ?? []), ...again]),
    incomplete: new Map([...others, ...incomplete]),
    remotes: new Map([...before.remotes, ...built.remotes]),
  };
}

/** Writes the whole lock, with the builder's versions. Throws UserError if it has changed. */
export async function writeLock(
  context: PipelineContext,
  build: Build,
  built: LockFile,
): Promise<void> {
  const { docker, name } = build.engine;
  const [buildx, used] = await Promise.all([
    requireTool(context.run, 'buildx'),
    currentBuilder(context.run, name),
  ]);
  const versions = given({
    docker: docker?.serverVersion,
    buildx: buildx.number,
    buildkit: used.buildkit,
  });
  await replace(build, { ...built, builder: { ...versions, ...built.builder } });
  if (build.lock?.text === undefined) await adviseIgnore(context, build);
}

async function replace({ plan, lock }: Build, next: LockFile): Promise<void> {
  const path = plan.lock?.path;
  if (path === undefined) return;
  if ((await readLockText(path)) !== lock?.text)
    throw new UserError(`${path} was changed while the build ran; it is left as it is now`, {
      nextStep: 'run it again',
    });
  const text = await lockText(next);
  const readBack = await parseLock(text, path);
  if (!readBack.ok)
    throw new UserError(`${path} could not be read again, so it is left as it was`, {
      nextStep: readBack.error.slice(0, 1).map(formatProblem).join(''),
    });
  await writeFileBeside(path, text, undefined, dirname(path));
}

/** A lock in the context is copied by `COPY . .`, so that each change of it makes another image. */
async function adviseIgnore(context: PipelineContext, { plan, source }: Build): Promise<void> {
  const { directory, dockerfilePath } = source;
  const path = plan.lock?.path;
  if (directory === undefined || path === undefined || relative(directory, path).startsWith('..'))
    return;
  for (const file of ignoreFiles(directory, dockerfilePath)) {
    const text = await readFile(file, 'utf8').catch(() => '');
    if (/^\/?(?:\*|(?:\*\*\/)?(?:\*\.lock|scoville\.lock|scoville\.\*))\s*$/m.test(text)) return;
  }
  context.emit({
    kind: 'notice',
    text: `${LOCK_FILE_NAME} is part of the context: name it in .dockerignore, or COPY . . takes it into the image`,
  });
}
