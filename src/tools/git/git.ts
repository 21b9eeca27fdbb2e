import { basename, dirname } from 'node:path';
import type { RunTool } from '../../model/run.ts';
import { mayBeInRepository, quietGit } from './quiet-git.ts';

/** What git knows of the commit that is checked out. */
interface GitFacts {
  /** 40 (or 64) hex digits. */
  readonly revision: string;
  /** Committer time, seconds since 1970. */
  readonly commitTime: number;
  /** Tags that name HEAD. */
  readonly tags: readonly string[];
  /** Tracked files differ from the commit, or nobody knows. */
  readonly dirty: boolean;
  /** URL of the remote `origin`, without user, password or query. */
  readonly remote: string | undefined;
  /** The folder within the repository; empty for its root, undefined where that is not known. */
  readonly folder: string | undefined;
}

const STATUS = [
  ...['status', '--porcelain=v2', '-z'],
  ...['--untracked-files=no', '--ignore-submodules=dirty'],
];

/**
 * The facts of the repository that holds `dir`; undefined outside of one, before its first commit,
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
  return {
    ...commit,
    dirty: !isClean,
    remote: withoutCredentials(settings.find(({ key }) => key === 'remote.origin.url')?.value),
    folder:
      prefix.ended === 'exit' && prefix.exitCode === 0
        ? prefix.stdout.replace(/\/?\n$/, '')
        : undefined,
  };
}

/**
 * True if git knows the file and it differs from the last commit or from the index; false if not,
 * or if git cannot tell.
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
export function parseSettings(stdout: string): readonly Setting[] {
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

/** Reads the log line; undefined where it is none. */
function parseCommit(
  stdout: string,
): Pick<GitFacts, 'revision' | 'commitTime' | 'tags'> | undefined {
  const [revision = '', time = '', refs = ''] = stdout.trimEnd().split('\0');
  if (!/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(revision) || !/^\d+$/.test(time)) return undefined;
  const tags = refs
    .split(', ')
    .filter((ref) => ref.startsWith('tag: '))
    .map((ref) => ref.slice('tag: '.length));
  return { revision, commitTime: Number(time), tags };
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

/** A remote as a browser address: `https://host/path`, or http if it is; undefined for a path. */
export function sourceUrl(remote: string | undefined): string | undefined {
  const clean = withoutCredentials(remote);
  if (clean === undefined) return undefined;
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(clean);
  const url =
    scp === null ? clean : `https://${scp[1] ?? ''}/${(scp[2] ?? '').replace(/^\/+/, '')}`;
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (!/^(?:https?|ssh|git):$/.test(parsed.protocol)) return undefined;
  const path = parsed.pathname.replace(/\.git\/?$/, '');
  return parsed.protocol === 'http:' || parsed.protocol === 'https:'
    ? `${parsed.protocol}//${parsed.host}${path}`
    : `https://${parsed.hostname}${path}`;
}
