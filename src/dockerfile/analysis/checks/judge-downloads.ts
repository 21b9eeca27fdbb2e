import type { Download, DownloadCheck } from '../../../model/build-analysis.ts';
import { fileName } from '../../../model/path.ts';
import { runsWith } from '../../shell/branches.ts';
import type { CommandEvent } from '../build-event.ts';
import { type Fetch, originOf } from '../fetches/fetch.ts';
import { type Check, listSpeaksOf, signedName } from './check.ts';
import { samePath } from './file-copies.ts';
import {
  isAt,
  isInterpreter,
  isReplaced,
  pathsAt,
  type FileContext,
  usedBefore,
} from './file-uses.ts';
import { gitCheck } from './git-check.ts';

/** True where a fetch goes unsaved into an interpreter: `curl | sh`, `sh -c "$(curl)"`. */
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
function feeds(fetch: Fetch, check: Check, around: FileContext): boolean {
  if (check.event.pipedFrom.includes(fetch.id)) return check.list !== undefined;
  if (check.list?.sources.includes(fetch.id) === true && fetch.toOutput) return true;
  const { stage } = check.event;
  // Keys that are named by their fingerprint are what is verified.
  if (check.fetches !== undefined) return false;
  if (check.list !== undefined)
    return check.list.files.some((file) => isAt(file, fetch, stage, around));
  return (
    signedName(fetch.target) !== undefined &&
    check.files.some((file) => isAt(file, fetch, stage, around))
  );
}

function covers(check: Check, fetch: Fetch, around: FileContext): boolean {
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
function sameOrigin(check: Check, fetch: Fetch, around: FileContext): string | undefined {
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
function signs(signature: Check, list: Fetch, sums: Check, around: FileContext): boolean {
  return signature.files.some(
    (file) =>
      isAt(file, list, signature.event.stage, around) ||
      (sums.list?.files ?? []).some((name) => samePath(name, file)),
  );
}

function asCheck(check: Check, fetch: Fetch, around: FileContext): DownloadCheck {
  const weak = check.weak ?? sameOrigin(check, fetch, around);
  const { method, range } = check;
  return weak === undefined ? { method, range } : { method, range, weak };
}

function verification(
  fetch: Fetch,
  around: FileContext,
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

/** Judges a download: what verifies it, what fails to, and whether it goes straight to a shell. */
export function judgeDownload(fetch: Fetch, around: FileContext): Download {
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
  return [startLine, startColumn, download.url ?? '', fileName(download.target ?? '')].join('\n');
}
