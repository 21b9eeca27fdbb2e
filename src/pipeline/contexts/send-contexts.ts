import { randomBytes } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { makeFolders } from '../../lib/make-folders.ts';
import type { BuildInvocation, BuildxFlag } from '../../model/build-invocation.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { foldersOf } from '../../model/path.ts';
import { flag, namedContext, withFlag } from '../../plans/build-invocation.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { ignoredFolders } from '../../plans/ignored-folders.ts';
import type { PipelineContext } from '../context.ts';
import { isFolder } from '../require-writable.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';
import { ignoreFiles } from './context-ignore.ts';
import { gitModes } from './context-modes.ts';
import type { ContextSource } from './context-source.ts';
import {
  copyContext,
  type CopyRules,
  removeCopy,
  underOtherUmask,
  underUsualUmask,
} from './copy-context.ts';

interface SentContexts {
  readonly invocation: BuildInvocation;
  /** Removes copies when BuildKit has ended. */
  readonly release: () => Promise<void>;
}

/** Not a time that anything else has: 2001-09-09. */
const OTHER_TIME = 1_000_000_000;

/** What is other in the copy of a context. */
type Copied = CopyRules & {
  /** Why a copy would be better; undefined where there is no build without it. */
  readonly different: string | undefined;
};

/**
 * Has the context, and named contexts that are folders, sent with git's modes for what git tracks,
 * whatever umask it was checked out under: COPY takes modes along. By `deterministic` with one time
 * for all. `elsewhere`: with another time, and another umask for what git does not track. Where
 * that is what the folder has, it is sent itself; else a copy. The user's files stay as they are.
 */
export async function sendContexts(
  context: PipelineContext,
  plan: BuildPlan,
  { directory, dockerfilePath, dockerfileText }: ContextSource,
  elsewhere: boolean,
): Promise<SentContexts> {
  const copies: string[] = [];
  const release = async (): Promise<void> => {
    for (const copy of copies) await removeCopy(copy);
  };
  const sent = async (folder: string, isMain: boolean): Promise<string | undefined> => {
    if (!(await isFolder(folder))) return undefined;
    const text = await ignoreText(folder, isMain ? dockerfilePath : undefined);
    const rules = await copyRules(context, plan, folder, ignoredFolders(text), elsewhere && isMain);
    return rules === undefined ? undefined : copied(context, plan, folder, rules, copies);
  };
  try {
    const flags: BuildxFlag[] = [];
    for (const given of plan.invocation.flags) {
      const named = namedContext(given);
      const copy = named && (await sent(resolve(context.cwd, named.path), false));
      flags.push(
        named === undefined || copy === undefined
          ? given
          : flag('build-context', `${named.name}=${copy}`),
      );
    }
    const invocation = { ...plan.invocation, flags };
    const main = directory === undefined ? undefined : await sent(directory, true);
    if (main === undefined) return { invocation, release };
    const moved = { ...invocation, context: main };
    const isNamed = dockerfilePath !== undefined && dockerfileText !== undefined;
    return { invocation: isNamed ? withFlag(moved, 'file', dockerfilePath) : moved, release };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Undefined where a folder is sent as it is. */
async function copyRules(
  { run }: PipelineContext,
  { steady, epoch, settings }: BuildPlan,
  folder: string,
  isIgnored: CopyRules['isIgnored'],
  elsewhere: boolean,
): Promise<Copied | undefined> {
  const found = settings.reproducible.mode === 'off' ? undefined : await gitModes(run, folder);
  const modes = found?.modes ?? new Map<string, number>();
  const needed = { modes, isIgnored, different: undefined };
  if (steady !== undefined && epoch !== undefined)
    return { ...needed, rest: underUsualUmask, time: epoch.seconds };
  if (elsewhere) {
    // A folder of which git tracks nothing is no checkout, wherever it lies: its modes stay.
    const rest = modes.size === 0 ? undefined : underOtherUmask;
    return { ...needed, rest, time: OTHER_TIME };
  }
  const [first, ...others] = (found?.other ?? []).filter(
    (path) => ![...foldersOf(path), path].some(isIgnored),
  );
  if (first === undefined) return undefined;
  const more = others.length > 0 ? ` and ${others.length} more have` : ' has';
  const different = `${JSON.stringify(first)}${more} another mode than git's`;
  return { ...needed, rest: undefined, time: undefined, different };
}

/** Undefined, with a notice, where a copy that is not needed cannot be made. */
async function copied(
  context: PipelineContext,
  { layout }: BuildPlan,
  folder: string,
  rules: Copied,
  copies: string[],
): Promise<string | undefined> {
  const real = await realpath(folder);
  const isInside = `${await realpath(layout)}/`.startsWith(`${real}/`);
  try {
    const home = isInside
      ? await makeTemporaryFolder('context')
      : join(layout, `context-${randomBytes(6).toString('hex')}`);
    copies.push(home);
    await makeFolders(home);
    // buildx knows a context by its folder's name, and sends what has another time or size than
    // what it has of that name. Where all have one time, each copy needs a name.
    const name = rules.time === undefined ? basename(folder) : basename(home);
    const copy = join(await realpath(home), name === '' ? 'context' : name);
    await copyContext(real, copy, rules, context.signal);
    return copy;
  } catch (cause) {
    context.signal.throwIfAborted();
    if (rules.different === undefined)
      throw new UserError(`the context ${folder} cannot be copied: ${messageOf(cause)}`, {
        cause,
        nextStep: `look whether ${isInside ? tmpdir() : layout} has room`,
      });
    context.emit({
      kind: 'notice',
      text: `${rules.different}, and the context could not be sent with git's (${messageOf(cause)}): a checkout elsewhere gives another image; COPY --chmod, or chmod go=u,go-w the files`,
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
