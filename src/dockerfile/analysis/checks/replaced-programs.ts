import { isBuiltin } from '../../../programs/shell-builtins.ts';
import { IGNORED } from '../../shell/failure.ts';
import { baseName } from '../../shell/wrappers.ts';
import type { BuildEvent, CommandEvent } from '../build-event.ts';
import { executedFile, searchOf } from '../program-path.ts';
import type { StageFiles } from '../stage-files.ts';

/** Programs of every image that checks rely on. */
const RELIED = /^(?:g?sha\d+sum|b2sum|shasum|md5sum|openssl|gpgv?2?|test|\[|grep|cmp|diff)$/;
/** Programs that put a file in the place that their last word names. */
const PLACES = /^(?:cp|mv|ln|install|rsync)$/;
/** Programs that write a file which a word names among others. */
const WRITES = /^(?:curl|wget|wget2|aria2c|tee|dd)$/;
/** What stands for the same program under another name. */
const SAME = /^(?:gpgv?2?|busybox|toybox|coreutils|g?(?:sha\d+|md5)sum)$/;
const SYSTEM = /(?:^|:)\/(?:usr\/(?:local\/)?)?s?bin(?:\/|:|$)/;

function placed(sources: readonly string[], target: string): readonly string[] {
  return [target, ...sources].map((path) => baseName(path.replace(/\/$/, '')));
}

/** Names of such programs that an event puts a file in the place of. */
function replacedBy(event: BuildEvent): readonly string[] {
  if (event.kind === 'copy') {
    const words = event.instruction.arguments;
    return placed(words.slice(0, -1), words.at(-1) ?? '');
  }
  const written = event.writesTo.map(baseName);
  if (WRITES.test(event.program))
    return [...written, ...event.argv.slice(1).map(({ text }) => baseName(text))];
  if (!PLACES.test(event.program)) return written;
  const words = event.argv.slice(1).flatMap(({ text }) => (text.startsWith('-') ? [] : [text]));
  const sources = words.slice(0, -1);
  if (sources.every((source) => SAME.test(baseName(source)))) return written;
  return [...written, ...placed(sources, words.at(-1) ?? '')];
}

/** True where PATH is known to lead to none of the folders that hold a system's programs. */
function isElsewhere(event: CommandEvent): boolean {
  const path = event.variable('PATH');
  return path !== undefined && !SYSTEM.test(path);
}

/** True where a folder of PATH holds a file of the build by that name. */
function isBrought(event: CommandEvent, files: StageFiles): boolean {
  if (isBuiltin(event.program)) return false;
  const { content } = executedFile(files, event.argv, searchOf(event)) ?? {};
  return content !== undefined && content.kind !== 'maybe';
}

/** The events of a stage, where a program that something replaced before is told of as no check; `names` grows along. */
export function withReplaced(
  events: readonly BuildEvent[],
  names: Set<string>,
  files: StageFiles,
): readonly BuildEvent[] {
  return events.map((event) => {
    const isReplaced =
      event.kind === 'command' &&
      RELIED.test(event.program) &&
      (names.has(event.program) || isElsewhere(event) || isBrought(event, files));
    for (const name of replacedBy(event)) if (RELIED.test(name)) names.add(name);
    if (!isReplaced) return event;
    return { ...event, ignored: event.ignored ?? IGNORED.replaced, stopsOnSuccess: false };
  });
}
