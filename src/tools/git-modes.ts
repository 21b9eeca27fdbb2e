import type { RunTool } from '../model/run.ts';

/** A tracked file as git would check it out under umask 022. */
export interface TrackedFile {
  /** Relative to the folder that was asked about. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
}

/** The regular files below `dir` that git tracks, with git's modes; undefined where there is no repository, or git is missing. */
export async function trackedFiles(
  run: RunTool,
  dir: string,
): Promise<readonly TrackedFile[] | undefined> {
  const listed = await run({
    command: 'git',
    args: ['--no-pager', '-c', 'core.fsmonitor=false', 'ls-files', '--stage', '-z'],
    cwd: dir,
    env: { LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0' },
    timeoutMs: 30_000,
  });
  if (listed.ended !== 'exit' || listed.exitCode !== 0) return undefined;
  return listed.stdout.split('\0').flatMap((record) => {
    const [, bits, path] = /^100(644|755) [0-9a-f]+ 0\t(.*)$/s.exec(record) ?? [];
    return path === undefined ? [] : [{ path, mode: bits === '755' ? 0o755 : 0o644 }];
  });
}
