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

interface GitSurroundings {
  readonly events: readonly CommandEvent[];
  readonly fetches: readonly Fetch[];
  readonly copiedPaths: ReadonlyMap<Fetch, CopiedPaths>;
}

/** True where a git command speaks of this clone: by folder, else as the last clone before it. */
function concerns(
  event: CommandEvent,
  fetch: Fetch,
  { fetches, copiedPaths }: GitSurroundings,
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

/** True where a git command leaves the commit that was checked out, or signed: for a branch, or what the remote has now. */
function leaves(words: readonly string[], signed: readonly string[]): boolean {
  const at = words.findIndex((word) =>
    /^(?:checkout|switch|pull|merge|reset|rebase|update|up|co)$/.test(word),
  );
  const verb = words[at];
  if (verb === undefined || words.includes('--')) return false;
  if (verb === 'pull') return true;
  if (words.some((word) => /^(?:-[bBcC]|--orphan|--create)$/.test(word))) return false;
  const operands = words.slice(at + 1).filter((word) => !word.startsWith('-'));
  return operands.some(
    (word) => !/^(?:\.|HEAD(?:[~^@].*)?|FETCH_HEAD)$/.test(word) && !signed.includes(bareTag(word)),
  );
}

/** A comparison of what is checked out with a commit: `test "$(git rev-parse HEAD)" = COMMIT`. */
function comparedHead(event: CommandEvent, fetch: Fetch, around: GitSurroundings): boolean {
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

/** True where the whole of a repository is taken to a commit; paths behind `--` are a part of it. */
function pinsTo(words: readonly string[], isFetched: boolean): boolean {
  const part = words.indexOf('--');
  if (part >= 0 && part < words.length - 1) return false;
  const pins = words.some((w) => /^(?:checkout|reset|switch|fetch|merge|update|up|co)$/.test(w));
  return pins && words.some((w) => isCommit(w) || (isFetched && w === 'FETCH_HEAD'));
}

function checksSignature(words: readonly string[]): boolean {
  if (words[0] === 'tag') return words.includes('-v') || words.includes('--verify');
  return words.some((w) => /^verify-(?:tag|commit)$|^--verify-signatures$/.test(w));
}

/** What holds a clone to one commit, or checks a signature on it, after it was made; not where a later command leaves that commit. */
export function gitCheck(fetch: Fetch, around: GitSurroundings): DownloadCheck | undefined {
  const isClone = around.events.some(
    ({ id, argv }) => id === fetch.id && argv.some(({ text }) => text === 'clone'),
  );
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
    if (isClone && words.includes('fetch')) {
      isFetched ||= isHeld && words.some(isCommit);
      continue;
    }
    const commit = pinsTo(words, isFetched);
    if (!commit && !checksSignature(words)) {
      if (leaves(words, signed)) found = undefined;
      continue;
    }
    if (!isHeld) continue;
    if (!commit) signed = words.map(bareTag);
    found ??= { method: commit ? 'commit' : 'git signature', range: event.range };
  }
  return found;
}
