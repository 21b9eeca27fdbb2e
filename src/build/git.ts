import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { err, ok, type Result } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
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

/** Asking git costs time: only where a folder up to the root has a `.git`. */
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

/** In English, without prompts, fetches, or anything that the repository names; 30 s at most. */
function quietGit(run: RunTool, dir: string) {
  const at = { command: 'git', cwd: dir, env: ENV, timeoutMs: 30_000 };
  return (args: readonly string[], more: Pick<ToolRun, 'onStdout'> = {}) =>
    run({ ...at, args: [...HARMLESS, ...args], ...more });
}

function printed(result: ToolResult | undefined): string | undefined {
  return result?.ended === 'exit' && result.exitCode === 0 ? result.stdout : undefined;
}

export interface GitFacts {
  readonly commit: string;
  /** Committer time, seconds since 1970. */
  readonly committedAt: number;
  /** Of `origin`, without user, password or query. */
  readonly remoteUrl?: string;
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

/** Undefined outside a repository, before its first commit, and where git does not answer. */
export async function gitFacts(run: RunTool, dir: string): Promise<GitFacts | undefined> {
  if (!mayBeInRepository(dir)) return undefined;
  const git = quietGit(run, dir);
  const settings = await (begun.get(run)?.get(dir)?.settings ?? settingsOf(git));
  if (settings === undefined) return undefined;
  const filters = withoutFilters(settings);
  const [prefix, log, status] = await Promise.all([
    git(['rev-parse', '--show-prefix']),
    git(['log', '-1', '--decorate-refs=refs/tags/*', '--format=%H%x00%ct%x00%D']),
    filters === undefined ? undefined : git([...filters, ...STATUS]),
  ]);
  const commit = parseCommit(printed(log) ?? '');
  if (commit === undefined) return undefined;
  return {
    ...commit,
    dirty: printed(status) !== '',
    ...given({
      remoteUrl: originIn(settings),
      folder: printed(prefix)?.replace(/\/?\n$/, ''),
    }),
  };
}

/** The address of `origin`, without user, password or query. */
export async function remoteOrigin(run: RunTool, dir: string): Promise<string | undefined> {
  const settings = mayBeInRepository(dir) ? await settingsOf(quietGit(run, dir)) : undefined;
  return settings && originIn(settings);
}

function originIn(
  settings: readonly { key: string; value: string | undefined }[],
): string | undefined {
  return withoutCredentials(settings.find(({ key }) => key === 'remote.origin.url')?.value);
}

/** True if git knows the file and it differs from the last commit or the index. */
export async function isChangedInGit(run: RunTool, path: string): Promise<boolean> {
  const git = quietGit(run, dirname(path));
  const settings = await settingsOf(git);
  const filters = settings && withoutFilters(settings);
  if (filters === undefined) return false;
  const status = await git([...filters, ...STATUS, '--', basename(path)]);
  return (printed(status) ?? '') !== '';
}

/** Reads `git config --list -z --show-scope`: scope NUL key LF value NUL. */
async function settingsOf(git: ReturnType<typeof quietGit>) {
  const fields = printed(await git(['config', '--list', '-z', '--show-scope']))?.split('\0');
  return fields?.flatMap((scope, at) => {
    if (at % 2 === 1 || at + 1 >= fields.length) return [];
    // git takes a name without a value for true.
    const [key = '', ...value] = (fields[at + 1] ?? '').split('\n');
    return { scope, key, value: value.length === 0 ? undefined : value.join('\n') };
  });
}

/** Switches the repository's own filters off, which `status` would run; undefined if it cannot. */
export function withoutFilters(
  settings: readonly Readonly<Record<'scope' | 'key', string>>[],
): readonly string[] | undefined {
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
  return { commit, committedAt: Number(time), ...given({ exactTag }) };
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

/** What was begun early for the next `trackedFiles` of a runner, by folder. */
const begun = new WeakMap<
  RunTool,
  Map<
    string,
    {
      readonly settings: ReturnType<typeof settingsOf>;
      readonly listed: ReturnType<typeof listTracked>;
    }
  >
>();

/** Starts the next `trackedFiles` early, beside what else is asked before a build. */
export function beginTrackedFiles(run: RunTool, dir: string): void {
  if (!mayBeInRepository(dir)) return;
  const settings = settingsOf(quietGit(run, dir));
  const listed = listTracked(run, dir, settings);
  listed.catch(() => undefined);
  begun.set(run, new Map([[dir, { settings, listed }]]));
}

/** Regular files that git tracks below `dir`, with modes under umask 022; undefined without git. */
export async function trackedFiles(run: RunTool, dir: string): ReturnType<typeof listTracked> {
  const early = begun.get(run)?.get(dir)?.listed;
  // Once: a later question may have another answer.
  begun.get(run)?.delete(dir);
  if (early !== undefined) return early;
  if (!mayBeInRepository(dir)) return undefined;
  return listTracked(run, dir, settingsOf(quietGit(run, dir)));
}

async function listTracked(run: RunTool, dir: string, asked: ReturnType<typeof settingsOf>) {
  // In pieces as it comes: what is captured as text is bounded, and a repository has no bound.
  const chunks: Uint8Array[] = [];
  const git = quietGit(run, dir);
  const [listed, settings] = await Promise.all([
    git(['ls-files', '--stage', '-z'], {
      onStdout: (chunk) => {
        chunks.push(Uint8Array.from(chunk));
        return Promise.resolve();
      },
    }),
    asked,
  ]);
  if (printed(listed) === undefined) return undefined;
  // Mode, object, stage, TAB, path.
  const records = Buffer.concat(chunks).toString('utf8').split('\0');
  const files = records.flatMap((record) => {
    const [, bits, path] = /^100(644|755) [0-9a-f]+ 0\t(.*)$/s.exec(record) ?? [];
    return path === undefined ? [] : [{ path, mode: bits === '755' ? 0o755 : 0o644 }];
  });
  const fileMode = settings?.findLast(({ key }) => key === 'core.filemode')?.value;
  // What git takes for false (git-config.txt, "boolean").
  const isOff = fileMode !== undefined && /^(?:false|no|off|0|)$/i.test(fileMode);
  return { files, fileModes: !isOff };
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

/** Checks out a commit by its id, else from the newest 500 of each branch. git checks the id. */
export async function fetchCommit(
  run: RunTool,
  { url, revision, directory, signal }: CommitRequest,
): Promise<Result<void>> {
  const at = {
    command: 'git',
    cwd: directory,
    env: ENV_OF_GIT_FETCH,
    timeoutMs: TIMEOUT_MS,
    signal,
  };
  const git = async (...args: readonly string[]): Promise<string | undefined> =>
    said(await run({ ...at, args: ['--no-pager', ...GUARDS, ...args] }));
  const fetch = (depth: number, ...what: readonly string[]): Promise<string | undefined> =>
    git('fetch', '--quiet', `--depth=${depth}`, ...NOTHING_MORE, '--', url, ...what);
  const begun = await git('init', '--quiet', '--template=');
  if (begun !== undefined) return err(begun);
  const one = await fetch(1, revision);
  if (one !== undefined && (await fetch(DEPTH, ...ALL)) !== undefined) return err(one);
  const checkedOut = await git('checkout', '--quiet', '--force', '--detach', revision, '--');
  return checkedOut === undefined ? ok(undefined) : err(checkedOut);
}

const NOTHING_MORE = ['--no-tags', '--no-write-fetch-head'];
const ALL = ['+refs/heads/*:refs/scoville/heads/*', '+refs/tags/*:refs/scoville/tags/*'];

function said(result: ToolResult): string | undefined {
  if (result.ended === 'exit' && result.exitCode === 0) return undefined;
  if (result.ended === 'not-found') return 'git is not installed';
  if (result.ended === 'aborted') return 'interrupted';
  const lines = result.stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^(?:fatal|error):/.test(line)) ?? lines.at(-1) ?? result.ended;
}

/** Who git would name as author in `dir`: `Name <address>`, or what of it is set. */
export async function gitUser(run: RunTool, dir: string): Promise<string | undefined> {
  const settings = (await settingsOf(quietGit(run, dir))) ?? [];
  // The last one of a key counts, as for git.
  const valueOf = (key: string): string =>
    settings.findLast((one) => one.key === key)?.value?.trim() ?? '';
  const name = valueOf('user.name');
  const address = valueOf('user.email');
  if (name !== '' && address !== '') return `${name} <${address}>`;
  return name !== '' ? name : address !== '' ? address : undefined;
}
