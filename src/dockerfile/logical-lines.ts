import type { SourceRange } from '../model/dockerfile.ts';
import { heredocWords } from './heredoc-words.ts';
import { SPACE, trimmed, trimmedStart } from './instruction-words.ts';

/** Where a stretch of joined text stands in the file; line and column start at 1. */
interface Segment {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
}

interface RawHeredoc {
  readonly delimiter: string;
  readonly expand: boolean;
  readonly content: string;
  /** Offset of the content in the logical line's `full` text. */
  readonly offset: number;
  /** Offset behind the content, where the delimiter's line begins. */
  readonly end: number;
}

/** An instruction with continuation lines joined, without comments and blank lines inside it. */
export interface LogicalLine {
  readonly text: string;
  /** `text`, then the lines of its here-documents as they stand. */
  readonly full: string;
  readonly segments: readonly Segment[];
  readonly range: SourceRange;
  readonly heredocs: readonly RawHeredoc[];
}

export interface LineError {
  readonly message: string;
  readonly line: number;
}

/** Line and column of an offset in `full`. */
export function locate(line: LogicalLine, offset: number): { line: number; column: number } {
  let low = 0;
  let high = line.segments.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((line.segments[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const segment = line.segments[low] ?? { offset: 0, line: 1, column: 1 };
  return { line: segment.line, column: segment.column + offset - segment.offset };
}

/** Range of `start..end` (offsets in `full`). */
export function rangeOf(line: LogicalLine, start: number, end: number): SourceRange {
  const from = locate(line, start);
  const last = locate(line, Math.max(start, end - 1));
  return {
    startLine: from.line,
    startColumn: from.column,
    endLine: last.line,
    endColumn: last.column + 1,
  };
}

interface Joining {
  text: string;
  readonly segments: Segment[];
  endLine: number;
  endColumn: number;
}

const CARRIAGE_RETURNS = /(?<!\r)\r+$/;
/** A comment, or nothing. */
const EMPTY = new RegExp(`^[${SPACE}]*(?:#|$)`);

/** Joins a line with those that continue it; gives the index of the line behind them. */
function join(lines: readonly string[], from: number, escape: string): [Joining, number] {
  const continued = new RegExp(`(?:^|[^\\${escape}])\\${escape}[ \\t]*$`);
  const joining: Joining = { text: '', segments: [], endLine: from + 1, endColumn: 1 };
  let index = from;
  for (; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (index > from && EMPTY.test(line)) continue;
    const skip = index === from ? line.length - trimmedStart(line).length : 0;
    const more = continued.test(line);
    const kept = more ? line.slice(skip, line.lastIndexOf(escape)) : line.slice(skip);
    joining.segments.push({ offset: joining.text.length, line: index + 1, column: skip + 1 });
    joining.text += kept;
    joining.endLine = index + 1;
    joining.endColumn = line.trimEnd().length + 1;
    if (!more) return [joining, index + 1];
  }
  return [joining, index];
}

/** Reads the bodies of the here-documents that an instruction opened, carriage returns included. */
function readHeredocs(
  joining: Joining,
  lines: readonly string[],
  from: number,
): { full: string; heredocs: RawHeredoc[]; next: number } | { error: string } {
  const words = heredocWords(trimmed(joining.text));
  if ('error' in words) return words;
  let full = joining.text;
  let next = from;
  const heredocs: RawHeredoc[] = [];
  for (const { delimiter, expand, strip } of words) {
    const offset = full.length + 1;
    const content: string[] = [];
    let end = offset;
    for (; ; next += 1) {
      if (next >= lines.length) return { error: 'unterminated heredoc' };
      const line = lines[next] ?? '';
      const ended = line.replace(CARRIAGE_RETURNS, '');
      const lead = strip ? (/^\t+/.exec(line)?.[0].length ?? 0) : 0;
      const isLast = ended.slice(lead) === delimiter;
      joining.segments.push({ offset: full.length + 1, line: next + 1, column: 1 });
      end = full.length + 1;
      // The shell is given the delimiter without what ends its line.
      full += `\n${isLast ? ended : line}`;
      joining.endLine = next + 1;
      joining.endColumn = ended.length + 1;
      if (isLast) break;
      content.push(line.slice(lead));
    }
    next += 1;
    heredocs.push({
      delimiter,
      expand,
      content: content.map((l) => `${l}\n`).join(''),
      offset,
      end,
    });
  }
  return { full, heredocs, next };
}

/** Splits a Dockerfile with known parser directives into instructions as BuildKit's parser does. */
export function logicalLines(
  text: string,
  escape: string,
): { readonly lines: readonly LogicalLine[]; readonly error?: LineError } {
  const written = text.split('\n');
  const lines = written.map((line) => line.replace(CARRIAGE_RETURNS, ''));
  const found: LogicalLine[] = [];
  for (let index = 0; index < lines.length;) {
    if (EMPTY.test(lines[index] ?? '')) {
      index += 1;
      continue;
    }
    const start = index;
    const [joining, behind] = join(lines, index, escape);
    const read = readHeredocs(joining, written, behind);
    if ('error' in read) return { lines: found, error: { message: read.error, line: start + 1 } };
    index = read.next;
    found.push({
      text: trimmed(joining.text),
      full: read.full,
      segments: joining.segments,
      heredocs: read.heredocs,
      range: {
        startLine: start + 1,
        startColumn: joining.segments[0]?.column ?? 1,
        endLine: joining.endLine,
        endColumn: joining.endColumn,
      },
    });
  }
  return { lines: found };
}
