import { chmod, mkdir, realpath, rm } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { fetchCommit } from '../build/git.ts';
import { gitModes } from '../build/send-contexts.ts';
import { publicSourceUrl } from '../build/shown-command.ts';
import { isThere } from '../image/disk.ts';
import { makeTemporaryFolder } from '../image/temporary-folder.ts';
import { err, ok, type Result, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import type { RecordedSource } from '../model/lock.ts';

const LONGEST = 2000;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * The address for fetching a stranger's source: https, or file for a repository on this machine.
 * SSH addresses become https. Errors say why not. Git can never read the result as a flag, a helper
 * (`ext::`) or a path.
 */
export function fetchableUrl(text: string): Result<string> {
  const shown = JSON.stringify(text.slice(0, 200));
  if (/^[a-z0-9+.-]*::/i.test(text))
    return err(`${shown} asks git for a helper program, which is not run`);

  if (text === '' || text.length > LONGEST || /[\x00-\x20\x7f]/.test(text))
    return err(`${shown} is not the address of a repository`);
  if (/^(?:ssh:|git\+ssh:|[\w.-]+@[\w.-]+:)/i.test(text)) {
    const web = publicSourceUrl(text);
    return web === undefined ? err(`${shown} has no address over https`) : ok(web);
  }
  if (!URL.canParse(text)) return err(`${shown} is not the address of a repository`);
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'file:')
    return err(`a repository is fetched over https or file, not ${shown}`);
  if (url.protocol === 'file:' && url.hostname !== '')
    return err(`${shown} names another machine’s file`);
  if (url.username !== '' || url.password !== '') return err(`${shown} contains credentials`);
  url.search = '';
  url.hash = '';
  return ok(url.href);
}

/** A full commit id, the only stable name: branches move, short ids can be ambiguous. */
export function wholeCommit(text: string): Result<string> {
  return COMMIT.test(text)
    ? ok(text)
    : err(`${JSON.stringify(text.slice(0, 100))} is not a full commit id`);
}

/** A path in a repository, parts joined by `/`; an error for one outside or in `.git`. */
export function pathInside(text: string): Result<string> {
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  const isHostile =
    text.length > LONGEST ||
    text.startsWith('/') ||
    /[\x00-\x1f\x7f\\]/.test(text) ||
    parts.some((part) => part === '..' || /^\.git$/i.test(part));
  return isHostile
    ? err(`${JSON.stringify(text.slice(0, 200))} is not a path within the repository`)
    : ok(parts.join('/'));
}

/** A commit's files in a temporary folder. */
export type FetchedSource = Awaited<ReturnType<typeof fetchSource>>;

/**
 * Fetches a provenance's source, or its commit from `elsewhere`. Throws UserError for an unsafe
 * address, commit or path, and where fetching fails; then the folder is removed.
 */
export async function fetchSource(
  context: Pick<PipelineContext, 'run' | 'signal' | 'cwd'>,
  source: RecordedSource,
  elsewhere: string | undefined,
) {
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
    // As in any checkout with umask 022, whatever ours is.
    const checkedOut = await gitModes(run, directory);
    for (const [path, mode] of checkedOut?.modes ?? []) await chmod(join(directory, path), mode);
    if (source.byBuildKit) await rm(join(directory, '.git'), { recursive: true, force: true });
    return {
      url,
      revision,
      /** Absolute paths in the folder. */
      context: await within(directory, contextPath),
      dockerfile: await within(directory, dockerfilePath),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** An image that cannot be rebuilt is neither reproducible nor not. */
export function unverifiable(reason: string, options: { nextStep?: string } = {}): UserError {
  return new UserError(`could not check whether the image is reproducible:  ${reason}`, options);
}

function fit(checked: Result<string>): string {
  if (checked.ok) return checked.value;
  throw unverifiable(checked.error, {
    nextStep: '--source URL names the repository, where its address is the matter',
  });
}

/** A link must not leave the repository: its target would go into a stranger's build. */
async function within(directory: string, path: string): Promise<string> {
  const whole = join(directory, path);
  const real = await realpath(whole).catch(() => undefined);
  if (real === undefined)
    throw unverifiable(`the source has no ${JSON.stringify(path)} at that commit`);
  if (real !== directory && !real.startsWith(`${directory}${sep}`))
    throw unverifiable(`${JSON.stringify(path)} is a link that leads out of the source`);
  return real;
}
