import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunTool, ToolResult, ToolRun } from '../../model/run.ts';

/** Nothing that a repository's own configuration names may be started. */
const HARMLESS = [
  '--no-pager',
  ...[
    'core.fsmonitor=false',
    'core.hooksPath=/dev/null',
    'log.showSignature=false',
    // A folder of a clone that poses as a bare repository has a configuration of its author's.
    'safe.bareRepository=explicit',
  ].flatMap((setting) => ['-c', setting]),
];

const ENV = {
  LC_ALL: 'C',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_TERMINAL_PROMPT: '0',
  GIT_NO_LAZY_FETCH: '1',
  // A git that does not know the one above would fetch by what the repository names
  // (core.sshCommand).
  GIT_ALLOW_PROTOCOL: 'none',
};

/**
 * Whether git could find a repository that holds `dir`: where no folder up to the root has a
 * `.git`, asking it only costs time.
 */
export function mayBeInRepository(dir: string): boolean {
  if (process.env['GIT_DIR'] !== undefined) return true;
  let folder: string;
  try {
    // git goes up from where links lead.
    folder = realpathSync(dir);
  } catch {
    return false;
  }
  while (!existsSync(join(folder, '.git'))) {
    if (dirname(folder) === folder) return false;
    folder = dirname(folder);
  }
  return true;
}

/**
 * Runs git in `dir`: in English, with no prompts and no fetches, and without starting anything that
 * the repository names; 30 s at most.
 */
export function quietGit(
  run: RunTool,
  dir: string,
): (args: readonly string[], more?: Pick<ToolRun, 'onStdout'>) => Promise<ToolResult> {
  return (args, more = {}) =>
    run({
      command: 'git',
      args: [...HARMLESS, ...args],
      cwd: dir,
      env: ENV,
      timeoutMs: 30_000,
      ...more,
    });
}
