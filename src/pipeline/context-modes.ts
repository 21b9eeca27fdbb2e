import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { trackedFiles } from '../tools/git-modes.ts';
import type { PipelineContext } from './context.ts';

/** More are not looked at: a notice is not worth the time. */
const MOST_FILES = 20_000;

/**
 * Says so where files of the context that git tracks have other modes than git's: whoever checks out under another umask gets another
 * image. Nothing where the context is no repository.
 */
export async function noticeModes(
  context: PipelineContext,
  directory: string | undefined,
): Promise<void> {
  if (directory === undefined) return;
  const tracked = await trackedFiles(context.run, directory);
  const other: string[] = [];
  for (const { path, mode } of (tracked ?? []).slice(0, MOST_FILES)) {
    const found = await lstat(join(directory, path)).catch(() => undefined);
    // The owner's bits are the file's own; what the umask decides is the rest.
    if (found?.isFile() === true && (found.mode & 0o077) !== (mode & 0o077)) other.push(path);
  }
  const [first] = other;
  if (first === undefined) return;
  const more = other.length > 1 ? ` and ${other.length - 1} more tracked files have` : ' has';
  context.emit({
    kind: 'notice',
    text: `${JSON.stringify(first)}${more} another mode than under umask 022: COPY takes it along, and a checkout elsewhere gives another image; COPY --chmod, or chmod go=u,go-w the files`,
  });
}
