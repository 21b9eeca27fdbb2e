import { err, ok, type Result } from '../../model/result.ts';
import { compoundCommand, functionBody, reservedAt, type ListParser } from './compounds.ts';
import { ShellCursor, ShellSyntaxError } from './cursor.ts';
import { heredocDelimiter } from './heredoc-delimiter.ts';
import type {
  Assignment,
  Command,
  List,
  ListOperator,
  Pipeline,
  Redirect,
  Word,
} from './syntax-tree.ts';
import { parseHeredocBody, parseWord } from './words.ts';

const REDIRECT = /\d*(?:<<-|<<<|<<|>>|<&|>&|<>|>\||<|>)|&>>?/y;
const ASSIGNMENT = /^([A-Za-z_][A-Za-z0-9_]*)(\+?)=/;
const CLOSERS = new Set(['then', 'elif', 'else', 'fi', 'do', 'done', 'esac', '}']);

const parser: ListParser = { list: parseList, command: parseCommand, redirects: parseRedirects };

function redirectAt(cursor: ShellCursor, into: Redirect[]): boolean {
  if (cursor.startsWith('<(') || cursor.startsWith('>(')) return false;
  REDIRECT.lastIndex = cursor.position;
  const found = REDIRECT.exec(cursor.text)?.[0];
  if (found === undefined) return false;
  cursor.position += found.length;
  cursor.skipBlanks();
  const target = parseWord(cursor);
  if (target === undefined) return cursor.fail(`nothing behind ${found}`);
  const operator = found.replace(/^\d+/, '');
  if (operator === '<<' || operator === '<<-') {
    const { delimiter, expand } = heredocDelimiter(target.text);
    cursor.expectHeredoc({ delimiter, stripTabs: operator === '<<-', expand }, target, into);
  } else if (!/^2/.test(found)) into.push({ operator, target });
  return true;
}

function parseRedirects(cursor: ShellCursor): Redirect[] {
  const redirects: Redirect[] = [];
  do cursor.skipBlanks();
  while (redirectAt(cursor, redirects));
  return redirects;
}

function assignmentOf(word: Word): Assignment | undefined {
  const found = ASSIGNMENT.exec(word.text);
  const first = word.parts[0];
  if (found === null || first?.kind !== 'literal' || first.quoted) return undefined;
  const length = found[0].length;
  const parts = [{ ...first, value: first.value.slice(length) }, ...word.parts.slice(1)];
  const value = { ...word, text: word.text.slice(length), parts };
  return { name: found[1] ?? '', value, append: found[2] === '+' };
}

/** `[[ ... ]]` and `((...))` hold operators that end a word elsewhere; they are read as one command. */
function testCommand(cursor: ShellCursor): Command {
  const start = cursor.position;
  const close = cursor.startsWith('((') ? '))' : ']]';
  const open = cursor.text.slice(start, start + 2);
  const words: Word[] = [literalWord(open, start)];
  cursor.position += 2;
  while (!cursor.startsWith(close)) {
    if (cursor.isAtEnd()) cursor.fail(`expected ${close}`);
    cursor.skipLines();
    const word = parseWord(cursor);
    if (word !== undefined && word.text === close) return simpleOf(words, start, cursor.position);
    if (word !== undefined) words.push(word);
    else if (!cursor.isAtEnd() && !cursor.startsWith(close)) cursor.position += 1;
  }
  cursor.position += 2;
  return simpleOf(words, start, cursor.position);
}

function literalWord(text: string, start: number): Word {
  const parts = [{ kind: 'literal' as const, value: text, quoted: true }];
  return { text, parts, start, end: start + text.length };
}

function simpleOf(words: readonly Word[], start: number, end: number): Command {
  return { kind: 'simple', assignments: [], words, redirects: [], start, end };
}

function simpleCommand(cursor: ShellCursor): Command {
  const start = cursor.position;
  const words: Word[] = [];
  const assignments: Assignment[] = [];
  const redirects: Redirect[] = [];
  let end = start;
  for (;;) {
    cursor.skipBlanks();
    if (redirectAt(cursor, redirects)) {
      end = cursor.position;
      continue;
    }
    const word = parseWord(cursor);
    if (word === undefined) break;
    end = word.end;
    const assignment = words.length === 0 ? assignmentOf(word) : undefined;
    if (assignment !== undefined && cursor.char === '(') arrayValue(cursor);
    if (assignment !== undefined) assignments.push(assignment);
    else words.push(word);
    if (words.length === 1 && assignments.length === 0 && isFunctionHead(cursor))
      return functionBody(cursor, parser, word.text, start);
  }
  if (end === start) cursor.fail(`unexpected ${JSON.stringify(cursor.char || 'end')}`);
  return { kind: 'simple', assignments, words, redirects, start, end };
}

/** `NAME=(a b c)`: read past. */
function arrayValue(cursor: ShellCursor): void {
  cursor.position += 1;
  cursor.skipLines();
  while (cursor.char !== ')') {
    if (parseWord(cursor) === undefined) cursor.fail('expected ) behind an array');
    cursor.skipLines();
  }
  cursor.position += 1;
}

function isFunctionHead(cursor: ShellCursor): boolean {
  const head = /[ \t]*\([ \t]*\)/y;
  head.lastIndex = cursor.position;
  return head.test(cursor.text);
}

function parseCommand(cursor: ShellCursor): Command {
  if (reservedAt(cursor) === '[[' || cursor.startsWith('((')) return testCommand(cursor);
  const compound = cursor.nest(() => compoundCommand(cursor, parser));
  return compound ?? cursor.nest(() => simpleCommand(cursor));
}

function parsePipeline(cursor: ShellCursor): Pipeline {
  const start = cursor.position;
  let negated = false;
  for (let word = reservedAt(cursor); word === '!' || word === 'time'; word = reservedAt(cursor)) {
    negated = negated !== (word === '!');
    cursor.position += word.length;
    cursor.skipBlanks();
    // `-p` is a part of the reserved word (POSIX, "time").
    if (word === 'time' && cursor.startsWith('-p ')) {
      cursor.position += 2;
      cursor.skipBlanks();
    }
  }
  const elements = [parseCommand(cursor)];
  cursor.skipBlanks();
  while (cursor.char === '|' && !cursor.startsWith('||')) {
    cursor.position += cursor.startsWith('|&') ? 2 : 1;
    cursor.skipLines();
    elements.push(parseCommand(cursor));
    cursor.skipBlanks();
  }
  return { negated, elements, start, end: elements.at(-1)?.end ?? start };
}

function operatorAt(cursor: ShellCursor): ListOperator {
  cursor.skipBlanks();
  const two = cursor.text.slice(cursor.position, cursor.position + 2);
  if (two === '&&' || two === '||') {
    cursor.position += 2;
    return two;
  }
  if (cursor.char === '&') {
    cursor.position += 1;
    return '&';
  }
  if (cursor.char === ';' && two !== ';;' && two !== ';&') {
    cursor.position += 1;
    return ';';
  }
  return cursor.char === '\n' ? ';' : '';
}

function parseList(cursor: ShellCursor, stops: readonly string[]): List {
  const items: { pipeline: Pipeline; operator: ListOperator }[] = [];
  for (;;) {
    cursor.skipLines();
    const word = reservedAt(cursor);
    if (cursor.isAtEnd() || stops.includes(word) || stops.some((s) => isPunctuation(s, cursor)))
      break;
    if (CLOSERS.has(word)) cursor.fail(`unexpected ${word}`);
    const pipeline = parsePipeline(cursor);
    const operator = operatorAt(cursor);
    items.push({ pipeline, operator });
    if (operator !== '') continue;
    cursor.skipLines();
    if (!cursor.isAtEnd() && !stops.some((s) => isPunctuation(s, cursor)))
      cursor.fail(`unexpected ${JSON.stringify(cursor.char)}`);
  }
  return { items };
}

function isPunctuation(stop: string, cursor: ShellCursor): boolean {
  return (stop === ')' || stop.startsWith(';')) && cursor.startsWith(stop);
}

function parseNested(cursor: ShellCursor, closer: string): List {
  const list = parseList(cursor, closer === '' ? [] : [closer]);
  if (closer !== '') {
    if (!cursor.startsWith(closer)) cursor.fail(`expected ${closer}`);
    cursor.position += closer.length;
  }
  return list;
}

/** Parses POSIX shell and what of bash Dockerfiles use; an error carries the offset where reading stopped. */
export function parseShell(
  text: string,
): Result<List, { readonly message: string; readonly offset: number }> {
  const cursor = new ShellCursor(text, parseNested, parseHeredocBody);
  try {
    return ok(parseList(cursor, []));
  } catch (thrown) {
    if (!(thrown instanceof ShellSyntaxError)) throw thrown;
    return err({ message: thrown.message, offset: thrown.offset });
  }
}
