import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BuildInvocation, BuildxFlag } from '../../model/build-invocation.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { foldersOf } from '../../model/path.ts';
import { flag, namedContext, withFlag } from '../../plans/build-invocation.ts';
import { ignoredFolders } from '../../plans/ignored-folders.ts';
import type { PipelineContext } from '../context.ts';
import { ignoreFiles } from '../contexts/context-ignore.ts';
import { gitModes } from '../contexts/context-modes.ts';
import { stageContext, type StagedContext } from '../contexts/stage-context.ts';
import { isFolder } from '../require-writable.ts';
import type { Prepared } from './prepare-build.ts';

/** A build whose context has git's modes, and what to call when BuildKit has ended. */
interface SentModes {
  readonly prepared: Prepared;
  readonly release: () => Promise<void>;
}

/**
 * Has the context, and named contexts that are folders, sent with git's modes for what git tracks,
 * whatever umask it was checked out under: COPY takes modes along; by `deterministic` with one time
 * for all, and copied whole. The user's files stay as they are; where their modes are others,
 * BuildKit is given a folder that stands for the context. One that cannot be made is a notice, and
 * the context goes as it is.
 */
export async function sendGitModes(
  context: PipelineContext,
  prepared: Prepared,
  home = join(context.paths.cache, 'contexts'),
): Promise<SentModes> {
  const { source, plan } = prepared;
  const time = plan.steady === undefined ? undefined : plan.epoch?.seconds;
  if (plan.settings.reproducible.mode === 'off')
    return { prepared, release: () => Promise.resolve() };
  const held: StagedContext[] = [];
  const staged = async (directory: string, dockerfile?: string): Promise<string | undefined> => {
    const one = await stagedContext(context, { directory, dockerfile, home, time });
    if (one !== undefined) held.push(one);
    return one?.directory;
  };
  const flags: BuildxFlag[] = [];
  for (const given of plan.invocation.flags) {
    const named = namedContext(given);
    const folder = named === undefined ? undefined : resolve(context.cwd, named.path);
    const isHere = folder !== undefined && (await isFolder(folder));
    const directory = isHere ? await staged(folder) : undefined;
    flags.push(
      named === undefined || directory === undefined
        ? given
        : flag('build-context', `${named.name}=${directory}`),
    );
  }
  const { directory, dockerfilePath, dockerfileText } = source;
  // Of one that is not there buildx says so.
  const isThere = directory !== undefined && (await isFolder(directory));
  const main = isThere ? await staged(directory, dockerfilePath) : undefined;
  let invocation: BuildInvocation = { ...plan.invocation, flags };
  if (main !== undefined) {
    invocation = { ...invocation, context: main };
    if (dockerfilePath !== undefined && dockerfileText !== undefined)
      invocation = withFlag(invocation, 'file', dockerfilePath);
  }
  return {
    prepared: { ...prepared, plan: { ...plan, invocation } },
    release: async () => {
      for (const { release } of held) await release();
    },
  };
}

/**
 * Without `time`, undefined if the modes are git's already, git does not track the folder, or the
 * copy failed. With `time`, always copies and throws UserError if that fails.
 */
async function stagedContext(
  context: PipelineContext,
  {
    directory,
    dockerfile,
    home,
    time,
  }: {
    readonly directory: string;
    readonly dockerfile: string | undefined;
    readonly home: string;
    readonly time: number | undefined;
  },
): Promise<StagedContext | undefined> {
  const found = await gitModes(context.run, directory);
  if (time !== undefined) {
    const isIgnored = ignoredFolders(await ignoreText(directory, dockerfile));
    const modes = found?.modes ?? new Map<string, number>();
    const { now, signal } = context;
    return stageContext({ home, directory, modes, time, isIgnored, now, signal }).catch(
      (cause: unknown) => {
        signal.throwIfAborted();
        throw new UserError(`the context ${directory} could not be copied: ${messageOf(cause)}`, {
          cause,
        });
      },
    );
  }
  if (found === undefined) return undefined;
  const isIgnored = ignoredFolders(await ignoreText(directory, dockerfile));
  if (!found.other.some((path) => ![...foldersOf(path), path].some(isIgnored))) return undefined;
  const [first] = found.other;
  const more = found.other.length > 1 ? ` and ${found.other.length - 1} more have` : ' has';
  const different = `${JSON.stringify(first)}${more} another mode than git's`;
  try {
    const staged = await stageContext({
      home,
      directory,
      modes: found.modes,
      isIgnored,
      now: context.now,
      signal: context.signal,
    });
    if (staged.isNew)
      context.emit({
        kind: 'notice',
        text: `${different}: BuildKit is sent the context with git's, from a copy of what git tracks`,
      });
    return staged;
  } catch (error) {
    context.signal.throwIfAborted();
    context.emit({
      kind: 'notice',
      text: `${different}, and the context could not be sent with git's (${messageOf(error)}): a checkout elsewhere gives another image; COPY --chmod, or chmod go=u,go-w the files`,
    });
    return undefined;
  }
}

/** The ignore file that BuildKit goes by: the Dockerfile's own, else the context's. */
async function ignoreText(directory: string, dockerfile: string | undefined): Promise<string> {
  for (const file of ignoreFiles(directory, dockerfile)) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return '';
}
