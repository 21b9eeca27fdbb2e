import { err, ok, type Result } from '../../model/result.ts';
import type { RunTool, ToolResult } from '../../model/run.ts';

/** A commit to fetch; both checked by the caller (`plans/reproduce/fetchable-source.ts`). */
interface CommitRequest {
  readonly url: string;
  /** A whole commit id. */
  readonly revision: string;
  /** An empty folder of our own. */
  readonly directory: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 10 * 60_000;
/** Commits of each branch and tag that are fetched where a server gives no single commit. */
const DEPTH = 500;

/** Runs nothing a repository names; speaks only https and file, whatever rewrites the address. */
const GUARDS = [
  'protocol.allow=never',
  'protocol.https.allow=always',
  'protocol.file.allow=always',
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.symlinks=true',
  'core.autocrlf=false',
  'fetch.recurseSubmodules=false',
  'submodule.recurse=false',
  'gc.auto=0',
].flatMap((setting) => ['-c', setting]);

const ENV = {
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  SSH_ASKPASS: '',
  GIT_LFS_SKIP_SMUDGE: '1',
  GIT_DIR: undefined,
  GIT_WORK_TREE: undefined,
  GIT_INDEX_FILE: undefined,
  GIT_EXTERNAL_DIFF: undefined,
  GIT_PROXY_COMMAND: undefined,
  GIT_ALLOW_PROTOCOL: undefined,
};

/** Arguments of git for each step, in their order; the address stands behind `--`. */
const COMMIT_STEPS = {
  init: () => ['init', '--quiet', '--template='],
  one: ({ url, revision }: CommitRequest) => [
    ...['fetch', '--quiet', '--depth=1', '--no-tags', '--no-write-fetch-head', '--'],
    url,
    revision,
  ],
  all: ({ url }: CommitRequest) => [
    ...['fetch', '--quiet', `--depth=${DEPTH}`, '--no-tags', '--no-write-fetch-head', '--'],
    url,
    '+refs/heads/*:refs/scoville/heads/*',
    '+refs/tags/*:refs/scoville/tags/*',
  ],
  checkout: ({ revision }: CommitRequest) => [
    ...['checkout', '--quiet', '--force', '--detach', revision, '--'],
  ],
} as const;

/**
 * Checks a commit out into a folder, without its history: by its id where the server gives it, else
 * among the newest 500 commits of each branch and tag. git itself holds what it fetched against the
 * id. Submodules are not fetched. An error says what git said.
 */
export async function fetchCommit(run: RunTool, request: CommitRequest): Promise<Result<void>> {
  const git = (args: readonly string[]): Promise<ToolResult> =>
    run({
      command: 'git',
      args: ['--no-pager', ...GUARDS, ...args],
      cwd: request.directory,
      env: ENV,
      timeoutMs: TIMEOUT_MS,
      signal: request.signal,
    });
  const begun = said(await git(COMMIT_STEPS.init()));
  if (begun !== undefined) return err(begun);
  const one = said(await git(COMMIT_STEPS.one(request)));
  if (one !== undefined && said(await git(COMMIT_STEPS.all(request))) !== undefined)
    return err(one);
  const checkedOut = said(await git(COMMIT_STEPS.checkout(request)));
  return checkedOut === undefined ? ok(undefined) : err(checkedOut);
}

/** Why a step went wrong; undefined where it went well. */
function said(result: ToolResult): string | undefined {
  if (result.ended === 'exit' && result.exitCode === 0) return undefined;
  if (result.ended === 'not-found') return 'git is not installed';
  if (result.ended === 'aborted') return 'interrupted';
  const lines = result.stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^(?:fatal|error):/.test(line)) ?? lines.at(-1) ?? result.ended;
}
