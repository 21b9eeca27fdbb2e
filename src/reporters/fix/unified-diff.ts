import { type Change, diffLines, FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff';

interface DiffedFile {
  /** From the folder where the patch is applied, with slashes. */
  readonly path: string;
  /** Undefined for a file that is new. */
  readonly before: string | undefined;
  readonly after: string;
}

interface DiffOptions {
  /** Lines around a change; 3 where nothing is said. */
  readonly context?: number;
  readonly color?: boolean;
}

/** Time grows with the square of differing lines: 0.3 s here. Above, all lines count as changed. */
const MOST_EDITS = 1000;

/**
 * What changes in a file as a unified diff that `patch -p1` and `git apply` take; '' where nothing
 * does. Line endings are kept, and a last line without one is marked.
 */
export function unifiedDiff(file: DiffedFile, options: DiffOptions = {}): string {
  const { before = '', after, path } = file;
  if (before === after) return '';
  const patch = {
    oldFileName: file.before === undefined ? '/dev/null' : `a/${path}`,
    newFileName: `b/${path}`,
    oldHeader: undefined,
    newHeader: undefined,
    hunks: hunksOf(before, after, options.context ?? 3),
  };
  const [from = '', to = '', ...body] = formatPatch(patch, FILE_HEADERS_ONLY).split('\n');
  const lines = [...[from, to].map(withTab), ...body];
  return (options.color === true ? lines.map(painted) : lines).join('\n');
}

/** The line of the old text that each line of the new one is, or stands for; both from 1. */
export function oldLines(before: string, after: string): (line: number) => number {
  const changes = diffLines(before, after, { maxEditLength: MOST_EDITS });
  const places = changes === undefined ? [] : placesOf(changes);
  const last = Math.max(1, before.split('\n').length);
  return (line) => Math.min(places[line - 1] ?? line, last);
}

function placesOf(changes: readonly Change[]): readonly number[] {
  const places: number[] = [];
  let [kept, gone] = [0, 0];
  for (const { added, removed, count } of changes) {
    if (removed) gone = count;
    else if (added)
      for (let i = 0; i < count; i += 1) places.push(Math.max(1, kept + Math.min(i + 1, gone)));
    if (removed) continue;
    kept += gone;
    gone = 0;
    if (added) continue;
    for (let i = 0; i < count; i += 1) places.push(kept + i + 1);
    kept += count;
  }
  return places;
}

function hunksOf(before: string, after: string, context: number) {
  const options = { context, maxEditLength: MOST_EDITS };
  const patch = structuredPatch('', '', before, after, '', '', options);
  if (patch !== undefined) return patch.hunks;
  const [gone, come] = [
    structuredPatch('', '', before, '', '', '').hunks,
    structuredPatch('', '', '', after, '', '').hunks,
  ];
  const lines = [...gone, ...come].flatMap((hunk) => hunk.lines);
  return gone.map((hunk) => ({ ...hunk, newStart: 1, newLines: come[0]?.newLines ?? 0, lines }));
}

/** GNU patch reads a name with a space only up to it, unless a tab follows the name. */
function withTab(head: string): string {
  return /^.{4}[^"]* /.test(head) ? `${head}\t` : head;
}

function painted(line: string, i: number): string {
  const codes: Readonly<Record<string, number>> = { '-': 31, '+': 32, '@': 36 };
  const code = i < 2 ? 1 : codes[line.charAt(0)];
  return code === undefined ? line : `\u001b[${code}m${line}\u001b[0m`;
}
