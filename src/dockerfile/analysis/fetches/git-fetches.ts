import type { DownloadCheck } from '../../../model/build-analysis.ts';
import type { SourceRange } from '../../../model/dockerfile.ts';
import { fileName } from '../../../model/path.ts';
import { constantField } from '../../shell/fields.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { addressName, COMMIT, type Fetch, fetchOf, isCommit } from './fetch.ts';

const ADDRESS =
  /^(?:(?:https?|ssh|git|ftps?|git\+https?|git\+ssh|rsync):\/\/|(?:[\w.-]+@)?[\w.-]+:(?!\/\/))/i;

/** A check by a commit in the command itself. */
export function commit(range: SourceRange, found: boolean): { ownCheck?: DownloadCheck } {
  return found ? { ownCheck: { method: 'commit', range } } : {};
}

function git(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const [verb, ...operands] = line.operands;
  const [address, second] = operands;
  const tips = line.has('--remote', '--remote-submodules');
  if (tips && verb !== undefined && verb.text === 'submodule')
    // The newest of each branch, where without it the commit of the repository around names its
    // own.
    return [fetchOf(event, 'git', { ...constantField('submodules'), constant: false }, '')];
  const isHeld =
    (verb?.text === 'submodule' && operands[0]?.text === 'update') ||
    (verb?.text === 'lfs' && /^(?:pull|fetch)$/.test(operands[0]?.text ?? ''));
  // The commit of the repository around names theirs, or their sums.
  if (isHeld)
    return [
      fetchOf(
        event,
        'git',
        { ...constantField(verb.text), constant: false },
        '',
        commit(event.range, true),
      ),
    ];
  if (verb?.text === 'submodule' && operands[0]?.text === 'add' && second !== undefined)
    return [fetchOf(event, 'git', second, '')];
  const remote = line.values('--remote')[0];
  if (verb?.text === 'archive' && remote !== undefined && ADDRESS.test(remote.text))
    return [fetchOf(event, 'git', remote, '')];
  if (address === undefined) return [];
  if (verb?.text === 'clone') {
    if (!ADDRESS.test(address.text) && !address.text.includes('$')) return [];
    const pinned = line.values('--revision').some((f) => COMMIT.test(f.text));
    const target = second?.text ?? addressName(address.text).replace(/\.git$/, '');
    return [fetchOf(event, 'git', address, target, commit(event.range, pinned))];
  }
  if (verb?.text === 'remote' && address.text === 'add') {
    // What a later `git fetch NAME` takes comes from here.
    const remote = operands[2];
    return remote !== undefined && ADDRESS.test(remote.text)
      ? [fetchOf(event, 'git', remote, event.folder)]
      : [];
  }
  if (verb?.text !== 'fetch' && verb?.text !== 'pull') return [];
  // From a remote by its name: `git clone` or `git remote add` stands for it, and the commit here
  // holds that.
  const pinned = operands.slice(1).some((f) => isCommit(f.text));
  return ADDRESS.test(address.text)
    ? [fetchOf(event, 'git', address, event.folder, commit(event.range, pinned))]
    : [];
}

/** `hg clone`, whose changesets are named by a hash as git's commits are. */
function mercurial(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const [verb, address, folder] = line.operands;
  if (verb?.text !== 'clone' || address === undefined || !ADDRESS.test(address.text)) return [];
  const pinned = line.values('-r', '-u', '--rev', '--updaterev').some((f) => COMMIT.test(f.text));
  const target = folder?.text ?? addressName(address.text);
  return [fetchOf(event, 'git', address, target, commit(event.range, pinned))];
}

/** `gh repo clone OWNER/NAME`, which is a `git clone`. */
function hubClone(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const [noun, verb, address, folder] = line.operands;
  if (noun?.text !== 'repo' || verb?.text !== 'clone' || address === undefined) return [];
  const name = fileName(address.text).replace(/\.git$/, '');
  return [fetchOf(event, 'git', { ...address, constant: false }, folder?.text ?? name)];
}

function cargoGit(event: CommandEvent): readonly Fetch[] {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const address = line.values('--git')[0];
  if (address === undefined) return [];
  const pinned = line.values('--rev').some((f) => COMMIT.test(f.text));
  return [fetchOf(event, 'git', address, '', commit(event.range, pinned))];
}

/** Repositories that commands fetch; nothing for other commands. */
export function gitFetches(event: CommandEvent): readonly Fetch[] {
  switch (event.program) {
    case 'git':
      return git(event);
    case 'hg':
      return mercurial(event);
    case 'cargo':
      return cargoGit(event);
    case 'gh':
    case 'glab':
      return hubClone(event);
    default:
      return [];
  }
}

/** True for a command of a program that keeps repositories. */
export function isOfRepository({ program }: CommandEvent): boolean {
  return program === 'git' || program === 'hg' || program === 'svn';
}

/** Verbs by which a repository takes what another one has now. */
const TAKES = /^(?:fetch|pull|up|update|submodule)$/;

/** True for a command that adds to a repository of `fetches` in `stages`: judged with that one. */
export function followsFetch(
  event: CommandEvent,
  fetches: readonly CommandEvent[],
  stages: readonly number[],
): boolean {
  return (
    isOfRepository(event) &&
    event.argv.some(({ text }) => TAKES.test(text)) &&
    fetches.some(
      ({ program, id, stage }) =>
        program === event.program && id < event.id && stages.includes(stage),
    )
  );
}
