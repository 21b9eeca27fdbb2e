import { jsonArray, type SourceRange } from '../model/dockerfile.ts';
import { BLANKS, leadingFlags, SPACE, trimmed, trimmedStart } from './instruction-words.ts';
import { Lex, LexError, TooMuch } from './lex.ts';

export interface Directives {
  readonly escape: '\\' | '`';
  /** How many lines at the top are theirs, a `#!` line too. */
  readonly count: number;
  /** Why BuildKit refuses the directives; the line counts from 1. */
  readonly refusal?: { readonly message: string; readonly line: number };
  readonly syntax?: { readonly text: string; readonly range: SourceRange };
}

/** The blanks are Go's `unicode.IsSpace`, which newer BuildKits skip; older ones skip fewer. */
const DIRECTIVE =
  /^(#|\/\/)[\s\u0085]*([A-Za-z][A-Za-z0-9]*)[\s\u0085]*=[\s\u0085]*([^\s\u0085].*)$/;
const PLAIN = /^#[ \t]*\w+[ \t]*=[ \t]*\S/;

/**
 * Parser directives (`# syntax=`, `# escape=`, `# check=`): comments of that form at the very top,
 * before any blank line, other comment or instruction. A `#!` line may come before them. Without a
 * frontend after `#`, BuildKit looks for `// syntax=` (moby/buildkit,
 * frontend/dockerfile/parser/directives.go). `given` is the frontend that the build argument
 * `BUILDKIT_SYNTAX` names, which counts before the file.
 */
export function parseDirectives(text: string, given?: string): Directives {
  const own = directivesBy('#', text);
  const syntax =
    given === undefined || given === ''
      ? (own.syntax ?? directivesBy('//', text).syntax)
      : { text: given.split(' ')[0] ?? '', range: FIRST };
  return { ...own, ...(syntax === undefined ? {} : { syntax }) };
}

const FIRST: SourceRange = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

function directivesBy(mark: '#' | '//', text: string): Directives {
  let escape: Directives['escape'] = '\\';
  let syntax: Directives['syntax'];
  let refusal: Directives['refusal'];
  const seen = new Set<string>();
  const lines = text.split('\n', 64);
  const first = lines[0]?.startsWith('#!') === true ? 1 : 0;
  let index = first;
  for (; index < lines.length; index += 1) {
    const line = (lines[index] ?? '').replace(/\r$/, '');
    const [, by, word = '', value = ''] = DIRECTIVE.exec(line.trim()) ?? [];
    const name = word.toLowerCase();
    if (by !== mark || !/^(?:syntax|escape|check)$/.test(name)) break;
    const message =
      seen.has(name) && name !== 'check'
        ? `only one ${name} parser directive can be used`
        : name === 'escape' && value !== '`' && value !== '\\'
          ? `the escape character is a backslash or a backtick, not ${value}`
          : PLAIN.test(line.trim())
            ? undefined
            : `a blank around ${name} that not every BuildKit takes for one`;
    if (message !== undefined) refusal ??= { message, line: index + 1 };
    seen.add(name);
    if (name === 'escape' && value === '`') escape = '`';
    if (name === 'syntax' && syntax === undefined) {
      // BuildKit takes the first word; what follows is for the frontend.
      const text = value.split(/\s/)[0] ?? '';
      const startColumn = line.indexOf(value) + 1;
      const endColumn = startColumn + text.length;
      const range = { startLine: index + 1, startColumn, endLine: index + 1, endColumn };
      syntax = { text, range };
    }
  }
  return {
    escape,
    count: index,
    ...(refusal === undefined ? {} : { refusal }),
    ...(syntax === undefined ? {} : { syntax }),
  };
}

interface HeredocWord {
  readonly delimiter: string;
  readonly expand: boolean;
  /** `<<-`: tabs in front of its lines go. */
  readonly strip: boolean;
}

const WORD = /^\d*<<(-?)([^<]+)$/;
const TAKES_HEREDOCS = new Set(['RUN', 'COPY', 'ADD']);

/**
 * The here-documents that an instruction opens, as BuildKit finds them: in RUN, COPY, ADD and
 * ONBUILD of these. The exec form and lines with an open quote or `${` have none. An error where
 * versions of BuildKit differ in whether it opens any.
 */
function heredocWords(text: string): readonly HeredocWord[] | { readonly error: string } {
  if (!text.includes('<<')) return [];
  const [keyword, rest] = instructionOf(text);
  const [inner, argument] = keyword === 'ONBUILD' ? instructionOf(rest) : [keyword, rest];
  if (!TAKES_HEREDOCS.has(inner)) return [];
  const lexed = lexedWords(text);
  if ('error' in lexed) return lexed;
  const words = lexed.flatMap(heredocOf);
  const array = jsonArray(argument);
  if (array === undefined || words.length === 0) return words;
  return array.isWhole
    ? []
    : {
        error:
          'this line has a here-document after a JSON array, and versions of BuildKit differ in how they read it',
      };
}

function heredocOf(word: string): readonly HeredocWord[] {
  const [, strip, name] = WORD.exec(word) ?? [];
  if (name === undefined) return [];
  const { delimiter, expand } = heredocDelimiter(name);
  return delimiter === '' ? [] : [{ delimiter, expand, strip: strip === '-' }];
}

/** Keyword and arguments of a line, flags left out. */
function instructionOf(text: string): readonly [keyword: string, rest: string] {
  const [word = ''] = text.split(BLANKS, 1);
  const raw = text.slice(word.length).replace(/^[\t\v\f\r ]+/, '');
  return [word.toUpperCase(), trimmed(raw.slice(leadingFlags(raw).rest))];
}

/** Quotes and escapes kept, no variable known; none where a quote or a `${` is not closed. */
function lexedWords(text: string): readonly string[] | { readonly error: string } {
  try {
    return new Lex(text, { escape: '\\', raw: true }).words();
  } catch (error) {
    if (error instanceof TooMuch) return { error: 'variables are nested too deeply' };
    if (error instanceof LexError) return [];
    throw error;
  }
}

/** What ends a here-document: `word` without quotes and escapes; an unquoted one is expanded. */
export function heredocDelimiter(word: string): {
  readonly delimiter: string;
  readonly expand: boolean;
} {
  let delimiter = '';
  let quote = '';
  for (let at = 0; at < word.length; at += 1) {
    const c = word.charAt(at);
    const next = word.charAt(at + 1);
    if (c === '\\' && (quote === '' || (quote === '"' && /["\\$`]/.test(next)))) {
      delimiter += next;
      at += 1;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else delimiter += c;
  }
  return { delimiter, expand: !/["'\\]/.test(word) };
}

/** Place of a stretch of joined text in the file; line and column start at 1. */
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

/** Joins a line with those that continue it; gives the index of the next line. */
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
