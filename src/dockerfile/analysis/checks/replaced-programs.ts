import { fileName } from '../../../model/path.ts';
import { FILE_FETCHERS } from '../../../programs/file-fetchers.ts';
import { isBuiltin } from '../../../programs/shell-builtins.ts';
import { IGNORED } from '../../shell/failure.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { BuildEvent, CommandEvent } from '../build-event.ts';
import { executedFile, PROGRAM_PATH, searchOf } from '../program-path.ts';
import type { StageFiles } from '../stage-files.ts';

/** Programs of every image that checks rely on. */
const RELIED = /^(?:g?sha\d+sum|b2sum|shasum|md5sum|openssl|gpgv?2?|test|\[|grep|cmp|diff)$/;
const ALL =
  'sha1sum sha224sum sha256sum sha384sum sha512sum b2sum shasum md5sum openssl gpg gpg2 gpgv grep cmp diff'.split(
    ' ',
  );
/** Where a program lies: `$(command -v sha256sum)`. */
const WHERE = /(?:\$\(|`)\s*(?:which|command -v|type -[pP]|realpath|readlink -f)\s+([\w./-]+)/g;

/** The programs that a name stands for: itself, or those that a pattern fits. */
function relied(name: string): readonly string[] {
  // One program that is all of them.
  if (/^(?:busybox|toybox|coreutils)$/.test(name)) return ALL;
  if (!/[*?[]/.test(name)) return RELIED.test(name) ? [name] : [];
  if (/^[*?.]*$/.test(name)) return [];
  // A person's pattern is shorter.
  if (name.length > 32 || name.split('*').length > 4) return ALL;
  const pattern = name
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
    .replace(/\[[^\]]*\]?/g, '.');
  const fits = new RegExp(`^${pattern}$`);
  return ALL.filter((one) => fits.test(one));
}

/** Programs that put a file in the place that their last word names. */
const PLACES = /^(?:cp|mv|ln|install|rsync)$/;
/** Programs that write a file which a word names among others, besides those that fetch files. */
const WRITES = /^(?:tee|dd|truncate|rename|prename|mmv|sed|patch)$/;
/** What stands for the same program under another name. */
const SAME = /^(?:gpgv?2?|busybox|toybox|coreutils|g?(?:sha\d+|md5)sum)$/;
const SYSTEM = /(?:^|:)\/(?:usr\/(?:local\/)?)?s?bin(?:\/|:|$)/;

function placed(sources: readonly string[], target: string): readonly string[] {
  return [target, ...sources].map((path) => fileName(path.replace(/\/$/, '')));
}

/** Names of such programs that an event puts a file in the place of. */
function replacedBy(event: BuildEvent): readonly string[] {
  if (event.kind === 'copy') {
    const words = event.instruction.arguments;
    return placed(words.slice(0, -1), words.at(-1) ?? '');
  }
  const written = event.writesTo.map(fileName);
  // `--install LINK NAME PATH PRIORITY`, and `--slave` likewise.
  if (/^(?:update-)?alternatives$/.test(event.program))
    return event.argv.slice(1).map(({ text }) => fileName(text));
  if (WRITES.test(event.program) || FILE_FETCHERS[event.program] !== undefined)
    return [...written, ...event.argv.slice(1).map(({ text }) => fileName(text))];
  if (!PLACES.test(event.program)) return written;
  const words = event.argv.slice(1).flatMap(({ text }) => (text.startsWith('-') ? [] : [text]));
  const sources = words.slice(0, -1);
  const last = words.at(-1) ?? '';
  // Of a place that a command names, the command says what lies there.
  if (last.includes('$('))
    written.push(...[...event.text.matchAll(WHERE)].map(([, name = '']) => fileName(name)));
  if (sources.every((source) => SAME.test(fileName(source)))) return written;
  return [...written, ...placed(sources, last)];
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
  if (content !== undefined && content.kind !== 'maybe') return true;
  return PROGRAM_PATH.split(':').some((folder) => {
    const found = files.at(`${folder}/${event.program}`, event.id);
    return found?.kind === 'maybe' && found.hides === true;
  });
}

/** A stage's events, where a program replaced before is not a check; adds such to `names`. */
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
    for (const name of replacedBy(event)) for (const one of relied(name)) names.add(one);
    if (event.kind !== 'command' || !RELIED.test(event.program)) return event;
    const fileText = (path: string): string | undefined => {
      const content = files.named(pathIn(event.folder, path), event.id);
      return content?.kind === 'text' ? content.text : undefined;
    };
    if (!isReplaced) return { ...event, fileText };
    return {
      ...event,
      fileText,
      ignored: event.ignored ?? IGNORED.replaced,
      stopsOnSuccess: false,
    };
  });
}
