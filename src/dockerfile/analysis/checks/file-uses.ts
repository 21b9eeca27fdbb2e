import { SHELLS } from '../../../programs/kinds/shells.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import type { Fetch } from '../fetches/fetch.ts';
import { HANDS_ON } from '../fetches/piped-target.ts';
import { PROGRAM_PATH } from '../program-path.ts';
import { addsTo } from '../tee-files.ts';
import type { Check } from './check.ts';
import { type CopiedPaths, MOVERS } from './copied-paths.ts';
import { samePath } from './file-copies.ts';

const INTERPRETERS = /^(?:python[\d.]*|perl|ruby|node|nodejs|php|lua|pwsh|source|\.)$/;
/** Programs that open, install or run a file they are given. */
const USERS = /^(?:tar|bsdtar|unzip|gunzip|dpkg|rpm|apt|apt-get|dnf|yum|apk|java|source|\.)$/;

/** What the judge of one download looks at. */
export interface FileContext {
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
export function pathsAt(
  fetch: Fetch,
  stage: number,
  { copiedPaths }: FileContext,
): readonly string[] {
  return copiedPaths.get(fetch)?.get(stage) ?? [];
}

/** True where a command's word or a list's name is the fetched file. */
export function isAt(path: string, fetch: Fetch, stage: number, around: FileContext): boolean {
  return pathsAt(fetch, stage, around).some((own) => samePath(path, own));
}

/** True for a program that runs scripts. */
export function isInterpreter(event: CommandEvent): boolean {
  return SHELLS.has(event.program) || INTERPRETERS.test(event.program);
}

/** True where a command stands before a check, or in a stage that does not wait for it. */
function isBefore(event: CommandEvent, check: Check, around: FileContext): boolean {
  const { stage, id } = check.event;
  if (event.stage === stage || event.id < id) return event.id < id;
  return !around.standsOn(event.stage, stage);
}

/** Programs that look at a file, or take it elsewhere, and use nothing of what is in it. */
const LOOKS =
  /^(?:cp|mv|ln|install|rsync|rm|chmod|chown|chgrp|ls|stat|file|test|\[\[?|echo|printf|mkdir|touch|truncate|du|wc|tee|cat|tac|head|tail|sort|uniq|cut|tr|[ef]?grep|[gmn]?awk|sed|jq|gpg2?|gpgv2?|gpgconf|openssl|cosign|minisign|signify|signify-openbsd|slsa-verifier|sqv|notation|gh|\w*sum|shasum|jarsigner|ssh-keygen|rpm|rpmkeys|git|curl|wget2?|aria2c|axel|cmp|diff|cd|export|set|unset|read|readlink|realpath|dirname|basename|sync|dd|true|false|:|exit|which|type|command|dos2unix|pv|base64|xxd|od|setcap|strip)$/;
/** Of them, those whose output is what is in the file. */
const PRINTS = /^(?:cat|tac|head|tail|tee|dd|sed|[gmn]?awk|pv|base64)$/;

/** True where a command uses the file: runs it, or hands it to what may do more than look at it. */
function uses(event: CommandEvent, fetch: Fetch, around: FileContext): boolean {
  const words = event.argv.map((f) => f.text);
  const [first = ''] = words;
  const is = (word: string): boolean => isAt(word, fetch, event.stage, around);
  if (first.includes('/') ? is(first) : isProgram(first, fetch, event, around)) return true;
  const isPiped = event.pipedFrom.includes(fetch.id);
  if (isPiped && HANDS_ON.test(event.program)) return false;
  if (isPiped && !LOOKS.test(event.program)) return true;
  if (USERS.test(event.program) || isInterpreter(event)) return words.slice(1).some(is);
  if (!LOOKS.test(event.program))
    return (
      event.readsFrom.some(is) ||
      // A bare word may be the name of a package as well.
      words.slice(1).some((word) => /[./]/.test(word) && is(word))
    );
  const isPrinted = PRINTS.test(event.program) && [...words.slice(1), ...event.readsFrom].some(is);
  return (
    isPrinted &&
    around.events.some(
      ({ program, pipedFrom }) =>
        pipedFrom.includes(event.id) && !LOOKS.test(program) && !HANDS_ON.test(program),
    )
  );
}

/** True where a program called by its name is the file, in a folder of PATH. */
function isProgram(
  name: string,
  fetch: Fetch,
  { stage }: CommandEvent,
  around: FileContext,
): boolean {
  const paths = pathsAt(fetch, stage, around);
  return PROGRAM_PATH.split(':').some((folder) => paths.includes(`${folder}/${name}`));
}

/** True where a command uses the file between its download and a check. */
export function usedBefore(fetch: Fetch, check: Check, around: FileContext): boolean {
  return around.events.some(
    (event) => event.id > fetch.id && isBefore(event, check, around) && uses(event, fetch, around),
  );
}

/** True where another file was moved or written to the path of the fetched one. */
function isOverwritten(
  path: string,
  paths: readonly string[],
  fetch: Fetch,
  { event: { id: until, stage } }: Check,
  { events }: FileContext,
): boolean {
  return events.some((event) => {
    if (event.id <= fetch.id || event.id >= until || event.stage !== stage) return false;
    const { program, argv, folder, writesTo } = event;
    const isOwn = (word: string): boolean =>
      paths.some((one) => samePath(pathIn(folder, word), one));
    const words = argv.slice(1).flatMap((f) => (f.text.startsWith('-') ? [] : [f.text]));
    if (MOVERS.test(program)) {
      const to = pathIn(folder, words.at(-1) ?? '');
      const sources = words.slice(0, -1);
      return to === path && sources.length > 0 && !sources.some(isOwn);
    }
    const isWritten = writesTo.includes(path) && !addsTo(event);
    return isWritten && !words.some(isOwn) && !event.pipedFrom.includes(fetch.id);
  });
}

/** True where the file went elsewhere, and what the check finds at its path is another download. */
export function isReplaced(fetch: Fetch, check: Check, around: FileContext): boolean {
  const { stage, id } = check.event;
  const paths = pathsAt(fetch, stage, around);
  const named = paths.filter((path) => check.files.some((file) => samePath(file, path)));
  const exact = named.filter((path) => check.files.includes(path));
  const checked = exact.length > 0 ? exact : named.length > 0 ? named : paths;
  if (checked.length === 0) return false;
  return checked.every((path) => {
    if (isOverwritten(path, paths, fetch, check, around)) return true;
    const later = around.fetches.find(
      (f) => f.stage === stage && f.target === path && f.id > fetch.id && f.id < id,
    );
    return later !== undefined && wasMoved(path, fetch, later, around);
  });
}

function wasMoved(path: string, from: Fetch, until: Fetch, { events }: FileContext): boolean {
  return events.some(
    ({ id, stage, program, argv, folder, readsFrom }) =>
      id > from.id &&
      id < until.id &&
      stage === until.stage &&
      (MOVERS.test(program)
        ? argv.slice(1, -1).some(({ text }) => pathIn(folder, text) === path)
        : PRINTS.test(program) &&
          (readsFrom.includes(path) ||
            argv.some(({ text }) => pathIn(folder, text.replace(/^if=/, '')) === path))),
  );
}
