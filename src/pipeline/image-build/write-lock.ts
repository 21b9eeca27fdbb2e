import { readFile } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { formatProblem } from '../../config/document.ts';
import { parseLock } from '../../config/parse-lock.ts';
import { UserError } from '../../model/errors.ts';
import { LOCK_FILE_NAME, type LockFile } from '../../model/lock.ts';
import { lockText } from '../../plans/lock/lock-text.ts';
import { completed } from '../../plans/lock/plan-lock.ts';
import { currentBuilder } from '../../tools/buildx/builder.ts';
import { requireTool } from '../../tools/version.ts';
import type { PipelineContext } from '../context.ts';
import { ignoreFiles } from '../contexts/context-ignore.ts';
import { readLockText } from '../lock/lock-file.ts';
import { writeFileBeside } from '../write-file-beside.ts';
import { isOfAnother } from './lock-built.ts';
import type { Build, Checked } from './states.ts';

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

/**
 * Writes the whole lock, with the builder's versions. Throws UserError if the file was changed
 * meanwhile or cannot be written.
 */
export async function writeLock(
  context: PipelineContext,
  build: Build,
  built: LockFile,
): Promise<void> {
  const builder = await builderVersions(context, build);
  await replace(build, { ...built, builder: { ...builder, ...built.builder } });
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

async function builderVersions(
  context: PipelineContext,
  { engine: { docker, name } }: Build,
): Promise<LockFile['builder']> {
  const [buildx, used] = await Promise.all([
    requireTool(context.run, 'buildx'),
    currentBuilder(context.run, name),
  ]);
  return {
    ...(docker === undefined ? {} : { docker: docker.serverVersion }),
    ...(buildx.number === undefined ? {} : { buildx: buildx.number }),
    ...(used.buildkit === undefined ? {} : { buildkit: used.buildkit }),
  };
}

/** A lock in the context is copied by `COPY . .`, so that each change of it makes another image. */
async function adviseIgnore(context: PipelineContext, { plan, source }: Build): Promise<void> {
  const { directory, dockerfilePath } = source;
  const path = plan.lock?.path;
  if (directory === undefined || path === undefined) return;
  if (relative(directory, path).startsWith('..')) return;
  for (const file of ignoreFiles(directory, dockerfilePath)) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    if (/^\/?(?:\*|(?:\*\*\/)?(?:\*\.lock|scoville\.lock|scoville\.\*))\s*$/m.test(text)) return;
  }
  context.emit({
    kind: 'notice',
    text: `${LOCK_FILE_NAME} is part of the context: name it in .dockerignore, or COPY . . takes it into the image`,
  });
}
