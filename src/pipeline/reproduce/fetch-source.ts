import { chmod, mkdir, realpath, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { RecordedSource } from '../../model/recorded-build.ts';
import type { Result } from '../../model/result.ts';
import { isThere } from '../../oci/blobs/disk.ts';
import { fetchableUrl, pathInside, wholeCommit } from '../../plans/reproduce/fetchable-source.ts';
import { fetchCommit } from '../../tools/git/git-fetch.ts';
import type { PipelineContext } from '../context.ts';
import { gitModes } from '../contexts/context-modes.ts';
import { makeTemporaryFolder } from '../temporary-folder.ts';

/** A commit's files in a folder of our own. */
export interface FetchedSource {
  readonly url: string;
  readonly revision: string;
  /** Absolute paths, both within the folder. */
  readonly context: string;
  readonly dockerfile: string;
  readonly remove: () => Promise<void>;
}

/**
 * Fetches the source that a provenance names, or its commit from `elsewhere`. Throws UserError for
 * an address, commit or path that is not fit to be followed, and where it cannot be had; nothing is
 * left then.
 */
export async function fetchSource(
  context: Pick<PipelineContext, 'run' | 'signal' | 'cwd'>,
  source: RecordedSource,
  elsewhere: string | undefined,
): Promise<FetchedSource> {
  const url = fit(fetchableUrl(elsewhere ?? source.url));
  const revision = fit(wholeCommit(source.revision));
  const contextPath = fit(pathInside(source.context));
  const dockerfilePath = fit(pathInside(source.dockerfile));
  const folder = await makeTemporaryFolder('source');
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const directory = join(await realpath(folder), 'source');
    await mkdir(directory);
    const { run, signal } = context;
    const fetched = await fetchCommit(run, { url, revision, directory, signal });
    signal.throwIfAborted();
    if (!fetched.ok)
      throw unverifiable(`the source ${url} at ${revision} cannot be had: ${fetched.error}`, {
        nextStep: '--source URL names another copy of the repository',
      });
    if (await isThere(join(directory, '.gitmodules')))
      throw unverifiable('the source has submodules, which are not fetched');
    // As any checkout under umask 022, whatever ours is.
    const checkedOut = await gitModes(run, directory);
    for (const [path, mode] of checkedOut?.modes ?? []) await chmod(join(directory, path), mode);
    if (source.byBuildKit) await rm(join(directory, '.git'), { recursive: true, force: true });
    return {
      url,
      revision,
      context: await within(directory, contextPath),
      dockerfile: await within(directory, dockerfilePath),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What cannot be built again is neither reproducible nor not. */
export function unverifiable(reason: string, options: { nextStep?: string } = {}): UserError {
  return new UserError(`could not check whether the image is reproducible:  ${reason}`, options);
}

function fit(checked: Result<string>): string {
  if (checked.ok) return checked.value;
  throw unverifiable(checked.error, {
    nextStep: '--source URL names the repository, where its address is the matter',
  });
}

/** A link must not lead out of the repository: its target would be sent into a stranger's build. */
async function within(directory: string, path: string): Promise<string> {
  const whole = join(directory, path);
  const real = await realpath(whole).catch(() => undefined);
  if (real === undefined)
    throw unverifiable(`the source has no ${JSON.stringify(path)} at that commit`);
  if (real !== directory && !real.startsWith(`${directory}${sep}`))
    throw unverifiable(`${JSON.stringify(path)} is a link that leads out of the source`);
  return real;
}
