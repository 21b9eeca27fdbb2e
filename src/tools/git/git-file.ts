import { basename, dirname } from 'node:path';
import type { RunTool } from '../../model/run.ts';
import { parseSettings, withoutFilters } from './git.ts';
import { quietGit } from './quiet-git.ts';

/** True where git knows the file and it differs from the last commit or from the index; false where it does not, or where git cannot tell. */
export async function isChangedInGit(run: RunTool, path: string): Promise<boolean> {
  const git = quietGit(run, dirname(path));
  const config = await git(['config', '--list', '-z', '--show-scope']);
  if (config.ended !== 'exit' || config.exitCode !== 0) return false;
  const filters = withoutFilters(parseSettings(config.stdout));
  if (filters === undefined) return false;
  const status = await git([
    ...filters,
    ...['status', '--porcelain', '--untracked-files=no', '-z', '--', basename(path)],
  ]);
  return status.ended === 'exit' && status.exitCode === 0 && status.stdout !== '';
}
