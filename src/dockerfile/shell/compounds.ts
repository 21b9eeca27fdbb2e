import type { ShellCursor } from './cursor.ts';
import type { Branch, Command, List, Redirect, Word } from './syntax-tree.ts';
import { parseWord } from './words.ts';

/** What compound commands need of the list parser; handed over so that the two files do not import each other. */
export interface ListParser {
  /** Parses commands up to one of the words or characters given, which is left unread. */
  readonly list: (cursor: ShellCursor, stops: readonly string[]) => List;
  readonly command: (cursor: ShellCursor) => Command;
  readonly redirects: (cursor: ShellCursor) => Redirect[];
}

/** The bare word at the cursor that could be a reserved one, else ''. */
export function reservedAt(cursor: ShellCursor): string {
  const word = /[a-z]+|[{}!]|\[\[/y;
  word.lastIndex = cursor.position;
  const found = word.exec(cursor.text)?.[0] ?? '';
  const next = cursor.text.charAt(cursor.position + found.length);
  return next === '' || /[\s;&|()<>]/.test(next) ? found : '';
}

function expectWord(cursor: ShellCursor, word: string): void {
  cursor.skipLines();
  if (reservedAt(cursor) !== word) cursor.fail(`expected ${word}`);
  cursor.position += word.length;
}

function ifCommand(cursor: ShellCursor, parse: ListParser): Command {
  const start = cursor.position;
  const branches: Branch[] = [];
  let otherwise: List | undefined;
  for (;;) {
    cursor.position += reservedAt(cursor).length;
    const condition = parse.list(cursor, ['then']);
    expectWord(cursor, 'then');
    branches.push({ condition, body: parse.list(cursor, ['elif', 'else', 'fi']) });
    cursor.skipLines();
    if (reservedAt(cursor) !== 'elif') break;
  }
  if (reservedAt(cursor) === 'else') {
    cursor.position += 4;
    otherwise = parse.list(cursor, ['fi']);
  }
  expectWord(cursor, 'fi');
  const redirects = parse.redirects(cursor);
  return { kind: 'if', branches, otherwise, redirects, start, end: cursor.position };
}

function doBody(cursor: ShellCursor, parse: ListParser): List {
  expectWord(cursor, 'do');
  const body = parse.list(cursor, ['done']);
  expectWord(cursor, 'done');
  return body;
}

function loopCommand(cursor: ShellCursor, parse: ListParser): Command {
  const start = cursor.position;
  cursor.position += 5;
  const condition = parse.list(cursor, ['do']);
  const body = doBody(cursor, parse);
  const redirects = parse.redirects(cursor);
  return { kind: 'loop', condition, body, redirects, start, end: cursor.position };
}

function forCommand(cursor: ShellCursor, parse: ListParser): Command {
  const start = cursor.position;
  cursor.position += reservedAt(cursor).length;
  cursor.skipBlanks();
  if (cursor.startsWith('((')) {
    const end = cursor.text.indexOf('))', cursor.position);
    if (end < 0) cursor.fail('a (( is not closed');
    cursor.position = end + 2;
  }
  const variable = parseWord(cursor)?.text ?? '';
  const items: Word[] = [];
  cursor.skipLines();
  if (reservedAt(cursor) === 'in') {
    cursor.position += 2;
    for (;;) {
      cursor.skipBlanks();
      const word = parseWord(cursor);
      if (word === undefined) break;
      items.push(word);
    }
  }
  if (cursor.char === ';') cursor.position += 1;
  const body = doBody(cursor, parse);
  const redirects = parse.redirects(cursor);
  return { kind: 'for', variable, items, body, redirects, start, end: cursor.position };
}

function caseCommand(cursor: ShellCursor, parse: ListParser): Command {
  const start = cursor.position;
  cursor.position += 4;
  cursor.skipBlanks();
  const subject = parseWord(cursor);
  if (subject === undefined) return cursor.fail('case without a word');
  expectWord(cursor, 'in');
  const arms: List[] = [];
  cursor.skipLines();
  while (reservedAt(cursor) !== 'esac') {
    if (cursor.char === '(') cursor.position += 1;
    do {
      if (cursor.char === '|') cursor.position += 1;
      cursor.skipBlanks();
      parseWord(cursor);
      cursor.skipBlanks();
    } while (cursor.char === '|');
    if (!cursor.startsWith(')')) cursor.fail('expected ) behind a pattern');
    cursor.position += 1;
    arms.push(parse.list(cursor, ['esac', ';;', ';&']));
    if (cursor.char === ';') cursor.position += cursor.startsWith(';;&') ? 3 : 2;
    cursor.skipLines();
  }
  cursor.position += 4;
  const redirects = parse.redirects(cursor);
  return { kind: 'case', subject, arms, redirects, start, end: cursor.position };
}

function groupCommand(cursor: ShellCursor, parse: ListParser): Command {
  const start = cursor.position;
  const subshell = cursor.char === '(';
  cursor.position += 1;
  const body = parse.list(cursor, [subshell ? ')' : '}']);
  cursor.skipLines();
  if (cursor.char !== (subshell ? ')' : '}')) cursor.fail('a group is not closed');
  cursor.position += 1;
  const redirects = parse.redirects(cursor);
  return { kind: 'group', subshell, body, redirects, start, end: cursor.position };
}

/** `name() body` or `function name body`, the name already read. */
export function functionBody(
  cursor: ShellCursor,
  parse: ListParser,
  name: string,
  start: number,
): Command {
  cursor.skipBlanks();
  if (cursor.char === '(') {
    cursor.position += 1;
    cursor.skipBlanks();
    if (!cursor.startsWith(')')) cursor.fail('expected ) behind the name of a function');
    cursor.position += 1;
  }
  cursor.skipLines();
  const body = cursor.nest(() => parse.command(cursor));
  return { kind: 'function', name, body, redirects: [], start, end: cursor.position };
}

/** The compound command at the cursor, or undefined where a simple one begins. */
export function compoundCommand(cursor: ShellCursor, parse: ListParser): Command | undefined {
  if (cursor.char === '(' && !cursor.startsWith('((')) return groupCommand(cursor, parse);
  switch (reservedAt(cursor)) {
    case '{':
      return groupCommand(cursor, parse);
    case 'if':
      return ifCommand(cursor, parse);
    case 'while':
    case 'until':
      return loopCommand(cursor, parse);
    case 'for':
    case 'select':
      return forCommand(cursor, parse);
    case 'case':
      return caseCommand(cursor, parse);
    case 'function': {
      const start = cursor.position;
      cursor.position += 8;
      cursor.skipBlanks();
      return functionBody(cursor, parse, parseWord(cursor)?.text ?? '', start);
    }
    default:
      return undefined;
  }
}
