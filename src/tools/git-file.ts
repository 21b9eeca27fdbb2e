import { basename, dirname } from 'node:path';
import type { RunTool } from '../model/run.ts';
import { HARMLESS, parseSettings, QUIET_ENV, withoutFilters } from './git.ts';

/** True where git knows the file and it differs from the last commit or from the index; false where it does not, or where git cannot tell. */
export async function isChangedInGit(run: RunTool, path: string): Promise<boolean> {
  const git = (args: readonly string[]) =>
    run({
      command: 'git',
      args: [...HARMLESS, ...args],
      cwd: dirname(path),
      env: QUIET_ENV,
      timeoutMs: 30_000,
    });
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
