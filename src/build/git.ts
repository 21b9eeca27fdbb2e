import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { err, ok, type Result } from '../lib/errors.ts';
import type { RunTool, ToolResult, ToolRun } from '../lib/run-tool.ts';

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
 * Whether git could find a repository around `dir`: where no folder up to the root has a `.git`,
 * asking it only costs time.
 */
function mayBeInRepository(dir: string): boolean {
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
function quietGit(
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

export interface GitFacts {
  readonly commit: string;
  /** Committer time, seconds since 1970. */
  readonly committedAt: number;
  /** Of `origin`, without user, password or query. */
  readonly remoteUrl?: string;
  /** The tag that points at the commit, where there is one. */
  readonly exactTag?: string;
  /** Tracked files differ from the commit, or nobody knows. */
  readonly dirty: boolean;
  /** Folders in the repository, empty for its root: of the context and, if inside, Dockerfile. */
  readonly folder?: string;
  readonly dockerfileFolder?: string;
}

const STATUS = [
  ...['status', '--porcelain=v2', '-z'],
  ...['--untracked-files=no', '--ignore-submodules=dirty'],
];

/**
 * The facts of the repository around `dir`; undefined outside of one, before its first commit,
 * where git is missing or does not trust the folder's owner.
 */
export async function gitFacts(run: RunTool, dir: string): Promise<GitFacts | undefined> {
  if (!mayBeInRepository(dir)) return undefined;
  const git = quietGit(run, dir);
  const settings = await settingsOf(git);
  if (settings === undefined) return undefined;
  const filters = withoutFilters(settings);
  const [prefix, log, status] = await Promise.all([
    git(['rev-parse', '--show-prefix']),
    git(['log', '-1', '--decorate-refs=refs/tags/*', '--format=%H%x00%ct%x00%D']),
    filters === undefined ? undefined : git([...filters, ...STATUS]),
  ]);
  if (log.ended !== 'exit' || log.exitCode !== 0) return undefined;
  const commit = parseCommit(log.stdout);
  if (commit === undefined) return undefined;
  const isClean = status?.ended === 'exit' && status.exitCode === 0 && status.stdout === '';
  const remote = withoutCredentials(settings.find(({ key }) => key === 'remote.origin.url')?.value);
  const isPlaced = prefix.ended === 'exit' && prefix.exitCode === 0;
  return {
    ...commit,
    dirty: !isClean,
    ...(remote === undefined ? {} : { remoteUrl: remote }),
    ...(isPlaced ? { folder: prefix.stdout.replace(/\/?\n$/, '') } : {}),
  };
}

/**
 * True if git knows the file and it differs from the last commit or from the index. False if not,
 * or if git does not answer.
 */
export async function isChangedInGit(run: RunTool, path: string): Promise<boolean> {
  const git = quietGit(run, dirname(path));
  const settings = await settingsOf(git);
  const filters = settings && withoutFilters(settings);
  if (filters === undefined) return false;
  const status = await git([...filters, ...STATUS, '--', basename(path)]);
  return status.ended === 'exit' && status.exitCode === 0 && status.stdout !== '';
}

async function settingsOf(
  git: ReturnType<typeof quietGit>,
): Promise<readonly Setting[] | undefined> {
  const config = await git(['config', '--list', '-z', '--show-scope']);
  return config.ended === 'exit' && config.exitCode === 0
    ? parseSettings(config.stdout)
    : undefined;
}

interface Setting {
  readonly scope: string;
  readonly key: string;
  readonly value: string;
}

/** Reads `git config --list -z --show-scope`: scope NUL key LF value NUL. */
function parseSettings(stdout: string): readonly Setting[] {
  const fields = stdout.split('\0');
  const settings: Setting[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [key = '', ...value] = (fields[at + 1] ?? '').split('\n');
    settings.push({ scope: fields[at] ?? '', key, value: value.join('\n') });
  }
  return settings;
}

/**
 * `status` runs a filter's program over changed files: the arguments that switch off those that the
 * repository itself configures. Undefined where a filter's name cannot be written as an argument.
 */
export function withoutFilters(settings: readonly Setting[]): readonly string[] | undefined {
  const own = settings.filter(
    ({ scope, key }) =>
      scope !== 'system' &&
      scope !== 'global' &&
      /^filter\.[^]*\.(?:clean|process|smudge|required)$/.test(key),
  );
  if (own.some(({ key }) => key.includes('='))) return undefined;
  return own.flatMap(({ key }) => ['-c', `${key}=${key.endsWith('.required') ? 'false' : ''}`]);
}

function parseCommit(
  stdout: string,
): Pick<GitFacts, 'commit' | 'committedAt' | 'exactTag'> | undefined {
  const [commit = '', time = '', refs = ''] = stdout.trimEnd().split('\0');
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit) || !/^\d+$/.test(time)) return undefined;
  const tag = refs.split(', ').find((ref) => ref.startsWith('tag: '));
  const exactTag = tag?.slice('tag: '.length);
  return { commit, committedAt: Number(time), ...(exactTag === undefined ? {} : { exactTag }) };
}

/** A remote without password, query, fragment and, except for ssh, user; scp-like unchanged. */
export function withoutCredentials(remote: string | undefined): string | undefined {
  if (remote === undefined || remote === '') return undefined;
  if (!remote.includes('://')) return remote;
  if (!URL.canParse(remote)) return undefined;
  const url = new URL(remote);
  url.username = url.protocol === 'ssh:' ? url.username : '';
  url.password = '';
  url.search = '';
  url.hash = '';
  return url.href;
}

/** A tracked file as git would check it out under umask 022. */
interface TrackedFile {
  /** Relative to the folder that was asked about. */
  readonly path: string;
  readonly mode: 0o644 | 0o755;
}

interface TrackedFiles {
  readonly files: readonly TrackedFile[];
  /** `core.fileMode`: the file system's own executable bits mean something. */
  readonly fileModes: boolean;
}

/** The regular files in `dir` that git tracks, with modes; undefined without repository or git. */
export async function trackedFiles(run: RunTool, dir: string): Promise<TrackedFiles | undefined> {
  if (!mayBeInRepository(dir)) return undefined;
  // In pieces as it comes: what is captured as text is bounded, and a repository has no bound.
  const chunks: Uint8Array[] = [];
  const git = quietGit(run, dir);
  const [listed, hasModes] = await Promise.all([
    git(['ls-files', '--stage', '-z'], {
      onStdout: (chunk) => {
        chunks.push(Uint8Array.from(chunk));
        return Promise.resolve();
      },
    }),
    fileModes(git),
  ]);
  if (listed.ended !== 'exit' || listed.exitCode !== 0) return undefined;
  const files = parseStage(Buffer.concat(chunks).toString('utf8'));
  return { files, fileModes: hasModes };
}

/** Reads `git ls-files --stage -z` (mode, object, stage, TAB, path); only merged regular files. */
function parseStage(stdout: string): readonly TrackedFile[] {
  return stdout.split('\0').flatMap((record): readonly TrackedFile[] => {
    const [, bits, path] = /^100(644|755) [0-9a-f]+ 0\t(.*)$/s.exec(record) ?? [];
    return path === undefined ? [] : [{ path, mode: bits === '755' ? 0o755 : 0o644 }];
  });
}

async function fileModes(git: ReturnType<typeof quietGit>): Promise<boolean> {
  const setting = await git(['config', '--type=bool', 'core.fileMode']);
  return !(setting.ended === 'exit' && setting.stdout.trim() === 'false');
}

/** A commit to fetch; both checked by the caller (`reproduce/fetch-source.ts`). */
interface CommitRequest {
  readonly url: string;
  readonly revision: string;
  readonly directory: string;
  readonly signal: AbortSignal;
}

const TIMEOUT_MS = 10 * 60_000;
/** Commits of each branch and tag that are fetched from a server that refuses single commits. */
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

const ENV_OF_GIT_FETCH = {
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

/** Arguments of git for each step, in their order; the address comes after `--`. */
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
 * Checks a commit out into a folder, without its history: by its id where the server allows it,
 * else among the newest 500 commits of each branch and tag. git itself checks what it fetched
 * against the id. Submodules are not fetched. An error says what git said.
 */
export async function fetchCommit(run: RunTool, request: CommitRequest): Promise<Result<void>> {
  const git = (args: readonly string[]): Promise<ToolResult> =>
    run({
      command: 'git',
      args: ['--no-pager', ...GUARDS, ...args],
      cwd: request.directory,
      env: ENV_OF_GIT_FETCH,
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

/**
 * Who git would name as the author of a commit in `dir`, as its settings say it: `Name <address>`,
 * or the one of both that is set. Undefined where neither is, or where git is missing.
 */
export async function gitUser(run: RunTool, dir: string): Promise<string | undefined> {
  const settings = (await settingsOf(quietGit(run, dir))) ?? [];
  // The last one of a key counts, as for git.
  const valueOf = (key: string): string =>
    settings.findLast((one) => one.key === key)?.value.trim() ?? '';
  const name = valueOf('user.name');
  const address = valueOf('user.email');
  if (name !== '' && address !== '') return `${name} <${address}>`;
  return name !== '' ? name : address !== '' ? address : undefined;
}
