import type { Download, DownloadCheck } from '../../../model/build-analysis.ts';
import { SHELLS } from '../../../programs/kinds/shells.ts';
import { runsWith } from '../../shell/branches.ts';
import { pathIn } from '../../shell/shell-state.ts';
import { baseName } from '../../shell/wrappers.ts';
import type { CommandEvent } from '../build-event.ts';
import { type Fetch, originOf } from '../fetches/fetch.ts';
import { type Check, listSpeaksOf, signedName } from './check.ts';
import { type CopiedPaths, MOVERS } from './copied-paths.ts';
import { samePath } from './file-copies.ts';
import { gitCheck } from './git-check.ts';

const INTERPRETERS = /^(?:python[\d.]*|perl|ruby|node|nodejs|php|lua|pwsh|source|\.)$/;
/** Programs that open, install or run a file they are given. */
const USERS = /^(?:tar|bsdtar|unzip|gunzip|dpkg|rpm|apt|apt-get|dnf|yum|apk|java|source|\.)$/;

/** What the judge of one download looks at. */
interface Surroundings {
  /** Commands of the download's stage and of stages that build on it, in order. */
  readonly events: readonly CommandEvent[];
  readonly checks: readonly Check[];
  readonly fetches: readonly Fetch[];
  /** Where each of the fetches lies, by stage. */
  readonly copiedPaths: ReadonlyMap<Fetch, CopiedPaths>;
  /** True where all that a stage does stands on another stage, so that it comes after it. */
  readonly standsOn: (stage: number, other: number) => boolean;
}

/** Paths of a fetched file in the stage that a command belongs to. */
function pathsAt(fetch: Fetch, stage: number, { copiedPaths }: Surroundings): readonly string[] {
  return copiedPaths.get(fetch)?.get(stage) ?? [];
}

/** True where a command's word or a list's name is the fetched file. */
function isAt(path: string, fetch: Fetch, stage: number, around: Surroundings): boolean {
  return pathsAt(fetch, stage, around).some((own) => samePath(path, own));
}

function isInterpreter(event: CommandEvent): boolean {
  return SHELLS.has(event.program) || INTERPRETERS.test(event.program);
}

/** True where what was fetched goes into an interpreter without being kept: `curl | sh`, `sh -c "$(curl)"`. */
function isPipedToShell(fetch: Fetch, events: readonly CommandEvent[]): boolean {
  return events.some((event) => {
    if (event.id <= fetch.id && !event.argv.some((f) => f.sources.includes(fetch.id))) return false;
    const runs = isInterpreter(event) || event.program === 'eval';
    if (!runs) return false;
    if (event.argv.some((f) => f.sources.includes(fetch.id))) return true;
    if (!event.pipedFrom.includes(fetch.id)) return false;
    const operands = event.argv.slice(1).map((f) => f.text);
    const reads = operands.some((w) => w === '-' || w === '-s' || w === '/dev/stdin');
    return reads || operands.every((w) => w.startsWith('-'));
  });
}

/** True where the download only feeds a check: the list of sums, or a signature. */
function feeds(fetch: Fetch, check: Check, around: Surroundings): boolean {
  if (check.event.pipedFrom.includes(fetch.id)) return check.list !== undefined;
  if (check.list?.sources.includes(fetch.id) === true && fetch.toOutput) return true;
  const { stage } = check.event;
  // Keys that are told by their fingerprint are what is verified.
  if (check.fetches !== undefined) return false;
  if (check.list !== undefined)
    return check.list.files.some((file) => isAt(file, fetch, stage, around));
  return (
    signedName(fetch.target) !== undefined &&
    check.files.some((file) => isAt(file, fetch, stage, around))
  );
}

function covers(check: Check, fetch: Fetch, around: Surroundings): boolean {
  const { stage } = check.event;
  if (check.fetches?.includes(fetch.id) === true) return true;
  if (check.files.some((file) => isAt(file, fetch, stage, around))) return true;
  const { list } = check;
  if (list === undefined) return false;
  if (!pathsAt(fetch, stage, around).some((path) => listSpeaksOf(list, path))) return false;
  if (list.pattern !== undefined) return true;
  // A list of everything speaks of what comes from where it comes from.
  const source = around.fetches.find((f) => f !== fetch && feeds(f, check, around));
  return source === undefined || originOf(source.address) === originOf(fetch.address);
}

/** Why a checksum says little: it was fetched from where the file was, and nobody signed it. */
function sameOrigin(check: Check, fetch: Fetch, around: Surroundings): string | undefined {
  const origin = originOf(fetch.address);
  const lists = around.fetches.filter((f) => f !== fetch && check.list && feeds(f, check, around));
  const unsigned = lists.filter(
    (list) =>
      list.ownCheck === undefined &&
      !around.checks.some(
        (c) =>
          c !== check &&
          c.list === undefined &&
          c.ignored === undefined &&
          signs(c, list, check, around),
      ),
  );
  return unsigned.some((list) => originOf(list.address) === origin && origin !== '')
    ? 'the checksum comes from the same origin as the file'
    : undefined;
}

/** True where a signature check speaks of the list, or of what it was unpacked to. */
function signs(signature: Check, list: Fetch, sums: Check, around: Surroundings): boolean {
  return signature.files.some(
    (file) =>
      isAt(file, list, signature.event.stage, around) ||
      (sums.list?.files ?? []).some((name) => samePath(name, file)),
  );
}

/** True where a command stands before a check, or in a stage that does not wait for it. */
function isBefore(event: CommandEvent, check: Check, around: Surroundings): boolean {
  const { stage, id } = check.event;
  if (event.stage === stage || event.id < id) return event.id < id;
  return !around.standsOn(event.stage, stage);
}

/** True where a command opens or runs the file between its download and a check. */
function usedBefore(fetch: Fetch, check: Check, around: Surroundings): boolean {
  return around.events.some((event) => {
    if (event.id <= fetch.id || !isBefore(event, check, around)) return false;
    const words = event.argv.map((f) => f.text);
    const is = (word: string): boolean => isAt(word, fetch, event.stage, around);
    const runs = (words[0] ?? '').includes('/') && is(words[0] ?? '');
    const opens = USERS.test(event.program) || isInterpreter(event);
    return runs || (opens && words.slice(1).some(is));
  });
}

/** True where the file went elsewhere, and what the check finds at its path is another download. */
function isReplaced(fetch: Fetch, check: Check, around: Surroundings): boolean {
  const { stage, id } = check.event;
  const paths = pathsAt(fetch, stage, around);
  const named = paths.filter((path) => check.files.some((file) => samePath(file, path)));
  const checked = named.length > 0 ? named : paths;
  if (checked.length === 0) return false;
  return checked.every((path) => {
    const later = around.fetches.find(
      (f) => f.stage === stage && f.target === path && f.id > fetch.id && f.id < id,
    );
    return later !== undefined && wasMoved(path, fetch, later, around);
  });
}

function wasMoved(path: string, from: Fetch, until: Fetch, { events }: Surroundings): boolean {
  return events.some(
    ({ id, stage, program, argv, folder }) =>
      id > from.id &&
      id < until.id &&
      stage === until.stage &&
      MOVERS.test(program) &&
      argv.slice(1, -1).some(({ text }) => pathIn(folder, text) === path),
  );
}

function asCheck(check: Check, fetch: Fetch, around: Surroundings): DownloadCheck {
  const weak = check.weak ?? sameOrigin(check, fetch, around);
  const { method, range } = check;
  return weak === undefined ? { method, range } : { method, range, weak };
}

function verification(
  fetch: Fetch,
  around: Surroundings,
): Pick<Download, 'verifiedBy' | 'ineffectiveCheck' | 'open'> {
  if (fetch.ownCheck !== undefined) return { verifiedBy: fetch.ownCheck };
  if (fetch.open !== undefined) return { open: fetch.open };
  if (fetch.ineffectiveCheck !== undefined) return { ineffectiveCheck: fetch.ineffectiveCheck };
  if (fetch.kind === 'git') {
    const found = gitCheck(fetch, around);
    return found === undefined ? {} : { verifiedBy: found };
  }
  const later = around.checks.filter((c) => c.event.id > fetch.id || feeds(fetch, c, around));
  let ineffective: Download['ineffectiveCheck'];
  const effective: Check[] = [];
  for (const check of later) {
    if (feeds(fetch, check, around)) {
      const method = `used only to verify (${check.method})`;
      return { verifiedBy: { method, range: check.range } };
    }
    if (!covers(check, fetch, around) || isReplaced(fetch, check, around)) continue;
    const late = usedBefore(fetch, check, around) ? 'the file is used before' : undefined;
    const reason = check.ignored ?? late;
    if (reason === undefined) effective.push(check);
    else ineffective ??= { ...asCheck(check, fetch, around), reason };
  }
  const [first] = effective;
  if (first !== undefined) {
    const found = asCheck(first, fetch, around);
    if (
      runsWith(
        fetch.within,
        effective.map(({ event }) => event.within),
      )
    )
      return { verifiedBy: found };
    ineffective = { ...found, reason: 'it runs only under a condition' };
  }
  return ineffective === undefined ? {} : { ineffectiveCheck: ineffective };
}

/** Judges one download: what verifies it, what tries to and cannot, and whether it goes straight to a shell. */
export function judgeDownload(fetch: Fetch, around: Surroundings): Download {
  const pipedToShell = isPipedToShell(fetch, around.events);
  const target = fetch.target === '' ? {} : { target: fetch.target };
  return {
    kind: fetch.kind,
    url: fetch.constant ? fetch.address : undefined,
    ...target,
    pipedToShell,
    ...(pipedToShell ? {} : verification(fetch, around)),
    stage: fetch.stage,
    range: fetch.range,
    command: fetch.text,
  };
}

/** Name that a target ends in, for telling two downloads apart. */
export function downloadKey(download: Download): string {
  const { startLine, startColumn } = download.range;
  return [startLine, startColumn, download.url ?? '', baseName(download.target ?? '')].join('\n');
}
