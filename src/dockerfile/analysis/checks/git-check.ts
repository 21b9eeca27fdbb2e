import type { DownloadCheck } from '../../../model/build-analysis.ts';
import { runsWith } from '../../shell/branches.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import { readCommandLine } from '../command-line.ts';
import { type Fetch, isCommit } from '../fetches/fetch.ts';
import type { CopiedPaths } from './copied-paths.ts';
import { samePath } from './file-copies.ts';
import { grepLook } from './grep-look.ts';

/** The folder a git command works in; '' where it is not known. */
function repositoryOf(event: CommandEvent): string {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const named =
    line.values('-C', '-R', '--work-tree', '--repository')[0]?.text ??
    line.values('--git-dir')[0]?.text.replace(/\/?\.git$/, '');
  return named === undefined ? event.folder : pathIn(event.folder, named);
}

interface GitContext {
  readonly events: readonly CommandEvent[];
  readonly fetches: readonly Fetch[];
  readonly copiedPaths: ReadonlyMap<Fetch, CopiedPaths>;
}

/** True where a git command speaks of this clone: by folder, else as the last clone before it. */
function concerns(
  event: CommandEvent,
  fetch: Fetch,
  { fetches, copiedPaths }: GitContext,
): boolean {
  const folder = repositoryOf(event);
  if (folder !== '' && fetch.target !== '' && !folder.includes('$(')) {
    const paths = copiedPaths.get(fetch)?.get(event.stage) ?? [];
    return paths.some((path) => samePath(folder, path) || folder.startsWith(`${path}/`));
  }
  const last = fetches.filter((f) => f.kind === 'git' && f.id < event.id).at(-1);
  return last === undefined || last.id === fetch.id;
}

/** A tag without the folder of all tags. */
function bareTag(word: string): string {
  return word.replace(/^(?:refs\/)?tags\//, '');
}

/** Verbs that take files of another commit out of a repository, or move it to one. */
const TAKES =
  /^(?:checkout|switch|pull|merge|reset|rebase|update|up|co|restore|show|archive|read-tree|cherry-pick|cat-file|worktree)$/;
/** The current commit, or a full commit id, and a file in it; also `cat-file` object kinds. */
const SAME = /^(?:\.|(?:HEAD|[0-9a-f]{40})(?:[~^@][^:]*)?(?::.*)?|:.*|blob|commit|tree|tag)$/;
const REPLACES =
  /\brefs\/replace\b|\bgit (?:-\S+ )*replace\b|\brefs\/\*|\binfo\/grafts\b|--mirror\b/;
const NAMES_BRANCH = /^(?:-[bBcC]|--orphan|--(?:force-)?create|--branch)$/;

/** True where git leaves the checked-out or signed commit: for a branch, or the remote's latest. */
function leaves(event: CommandEvent, signed: readonly string[], isFetched: boolean): boolean {
  const line = readCommandLine(event.program, event.argv.slice(1));
  const [verb] = line.operands;
  if (verb === undefined || !TAKES.test(verb.text)) return false;
  if (verb.text === 'pull') return true;
  const rest = event.argv.slice(event.argv.indexOf(verb) + 1).map(({ text }) => text);
  if (rest.some((word) => NAMES_BRANCH.test(word))) return false;
  const end = rest.indexOf('--');
  const named = (end < 0 ? rest : rest.slice(0, end)).filter((word) => !/^-./.test(word));
  // `restore` takes its words for files.
  const sources = rest.flatMap((word, at) => {
    const [, given] = /^(?:-s|--source=?)(.*)$/.exec(word) ?? [];
    return given === '' ? (rest[at + 1] ?? []) : (given ?? []);
  });
  const commits =
    verb.text === 'restore'
      ? sources
      : verb.text === 'archive'
        ? named.slice(0, 1)
        : verb.text === 'worktree'
          ? named.slice(2)
          : named;
  return commits.some(
    (word) =>
      (word === 'FETCH_HEAD' ? !isFetched : !SAME.test(word)) && !signed.includes(bareTag(word)),
  );
}

/** A comparison of what is checked out with a commit: `test "$(git rev-parse HEAD)" = COMMIT`. */
function comparedHead(event: CommandEvent, fetch: Fetch, around: GitContext): boolean {
  const words = event.argv.slice(1).map((f) => f.text);
  const isTest = /^(?:test|\[|\[\[)$/.test(event.program) && words.some((w) => /^==?$/.test(w));
  const isLook = grepLook(event) !== undefined;
  if (!(isTest || isLook) || !words.some((w) => isCommit(w.replace(/^\^|\$$/g, '')))) return false;
  const ids = isTest ? event.argv.flatMap((f) => f.sources) : event.pipedFrom;
  return around.events.some(
    (git) =>
      ids.includes(git.id) &&
      git.id > fetch.id &&
      git.program === 'git' &&
      git.argv.some((f) => f.text === 'rev-parse') &&
      git.argv.some((f) => f.text === 'HEAD') &&
      concerns(git, fetch, around),
  );
}

/** True where a whole repository moves to a commit; not for paths after `--` or a plain `reset`. */
function pinsTo(words: readonly string[], isFetched: boolean): boolean {
  const part = words.indexOf('--');
  if (part >= 0 && part < words.length - 1) return false;
  const pins = words.some((w) => /^(?:checkout|reset|switch|fetch|merge|update|up|co)$/.test(w));
  if (words.includes('reset') && !words.some((w) => /^--(?:hard|keep|merge)$/.test(w)))
    return false;
  const isNamed = (at: number): boolean => NAMES_BRANCH.test(words[at - 1] ?? '');
  return (
    pins &&
    words.some((w, at) => !isNamed(at) && (isCommit(w) || (isFetched && w === 'FETCH_HEAD')))
  );
}

function checksSignature(words: readonly string[]): boolean {
  if (words[0] === 'tag') return words.includes('-v') || words.includes('--verify');
  return words.some((w) => /^verify-(?:tag|commit)$|^--verify-signatures$/.test(w));
}

/** What later pins a clone to a commit or checks its signature, unless a command then leaves it. */
export function gitCheck(fetch: Fetch, around: GitContext): DownloadCheck | undefined {
  const isClone = around.events.some(
    ({ id, argv }) => id === fetch.id && argv.some(({ text }) => text === 'clone'),
  );
  // A commit may stand for another there.
  if (around.events.some(({ program, text }) => program === 'git' && REPLACES.test(text)))
    return undefined;
  let found: DownloadCheck | undefined;
  let signed: readonly string[] = [];
  /** A commit that was fetched, and is not what a clone has checked out. */
  let isFetched = false;
  for (const event of around.events) {
    if (event.id <= fetch.id) continue;
    const isHeld = event.ignored === undefined && runsWith(fetch.within, [event.within]);
    if (isHeld && comparedHead(event, fetch, around))
      found ??= { method: 'commit', range: event.range };
    if (event.program !== 'git' && event.program !== 'hg') continue;
    const words = event.argv.slice(1).map((f) => f.text);
    if (!concerns(event, fetch, around)) continue;
    if (words.includes('fetch')) {
      // FETCH_HEAD is what was fetched last.
      isFetched = isHeld && words.some(isCommit);
      if (isClone) continue;
    }
    const commit = pinsTo(words, isFetched);
    if (!commit && !checksSignature(words)) {
      if (leaves(event, signed, isFetched)) found = undefined;
      continue;
    }
    if (!isHeld) continue;
    if (!commit) signed = words.map(bareTag);
    found ??= { method: commit ? 'commit' : 'git signature', range: event.range };
  }
  return found;
}
