import { fileName } from '../../../model/path.ts';
import { pathIn } from '../../shell/shell-state.ts';
import type { CommandEvent } from '../build-event.ts';
import { teeFiles } from '../tee-files.ts';
import { outputOf } from '../text-output.ts';

/** What a checksum command compares with: names written out, and lists of unknown content. */
export interface ChecksumList {
  readonly names: readonly string[];
  readonly files: readonly string[];
  /** Text that picks a line out of those lists. */
  readonly pattern?: string;
  /** Commands whose output the sums come from. */
  readonly sources: readonly number[];
}

/** Names in lines of `HASH  name`, `HASH *name` or `SHA256 (name) = HASH`. */
function listedNames(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => {
    const bsd = /^\s*[A-Z0-9-]+ \((.+)\) = /.exec(line)?.[1];
    const name = bsd ?? /^\\?\S+[ \t]+\*?(\S.*)$/.exec(line.trim())?.[1];
    return name === undefined ? [] : [name];
  });
}

/** Text of files that commands before wrote with `>` or tee, by path. */
function writtenFiles(events: readonly CommandEvent[]): ReadonlyMap<string, WrittenText> {
  const written = new Map<string, WrittenText>();
  const byId = new Map(events.map((event) => [event.id, event]));
  for (const event of events) {
    const output = outputOf(event);
    const targets = [...event.writesTo, ...teeFiles(event)];
    if (targets.length === 0 || output === undefined) continue;
    const piped = event.pipedFrom.flatMap((id) => byId.get(id) ?? []);
    const text = [output.text, ...piped.map((e) => outputOf(e)?.text ?? '')].join('\n');
    const sources = event.argv.flatMap((f) => f.sources);
    for (const target of targets) {
      const path = pathIn(event.folder, target);
      const before = written.get(path);
      written.set(path, {
        text: `${before?.text ?? ''}\n${text}`.slice(0, 65_536),
        sources: [...(before?.sources ?? []), ...sources],
        files: output.files,
        ...(output.pattern === undefined ? {} : { pattern: output.pattern }),
      });
    }
  }
  return written;
}

interface WrittenText {
  readonly text: string;
  readonly sources: readonly number[];
  readonly files: readonly string[];
  readonly pattern?: string;
}

/** The list that `sha256sum -c` reads: operands, redirected or piped input, or a here-document. */
export function checksumList(
  event: CommandEvent,
  operands: readonly { readonly text: string; readonly sources: readonly number[] }[],
  before: readonly CommandEvent[],
): ChecksumList {
  const written = writtenFiles(before);
  const names: string[] = [];
  const files: string[] = [];
  const sources = operands.flatMap((o) => o.sources);
  let pattern: string | undefined;
  const readFile = (path: string): void => {
    const known = written.get(pathIn(event.folder, path));
    files.push(path);
    if (known === undefined) {
      const text = event.fileText?.(path);
      // One that is shown speaks of what it names alone.
      if (text !== undefined) names.push('', ...listedNames(text));
      return;
    }
    names.push(...listedNames(known.text));
    sources.push(...known.sources);
    files.push(...known.files);
    pattern ??= known.pattern;
  };
  const take = (text: string): void => {
    names.push(...listedNames(text));
  };
  for (const { text } of operands) if (text !== '-' && !text.includes('$(')) readFile(text);
  for (const path of event.readsFrom) readFile(path);
  if (event.input !== undefined) {
    take(event.input.text);
    sources.push(...event.input.sources);
  }
  const feeding = new Set([...event.pipedFrom, ...sources]);
  for (const feeder of before.filter((e) => feeding.has(e.id))) {
    const output = outputOf(feeder);
    sources.push(feeder.id, ...feeder.argv.flatMap((f) => f.sources));
    if (output === undefined) continue;
    take(output.text);
    if (output.text === '') for (const path of output.files) readFile(path);
    pattern ??= output.pattern;
  }
  // A sum that went through variables: `text=$(cat LIST); sum=$(expr substr "$text" 1 64)`.
  for (const feeder of before.toReversed())
    if (sources.includes(feeder.id) && !feeding.has(feeder.id)) {
      sources.push(...feeder.argv.flatMap((f) => f.sources), ...feeder.pipedFrom);
      files.push(...(outputOf(feeder)?.files ?? []), ...feeder.readsFrom);
    }
  return { names, files, sources, ...(pattern === undefined ? {} : { pattern }) };
}

/** True where such a list may cover any file: `SHA256SUMS`, `checksums.txt`, `9.0.1-sha.txt`. */
export function isGeneralList(path: string): boolean {
  return /sums?\b|sums?\.|checksum|digests?|manifest|(?:^|[-_.])sha\.txt$|\*/i.test(fileName(path));
}
