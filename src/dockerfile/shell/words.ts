import type { ShellCursor } from './cursor.ts';
import { parseDollar } from './expansions.ts';
import type { Word, WordPart } from './syntax-tree.ts';

const WORD_END = new Set([' ', '\t', '\n', '\r', ';', '&', '|', '(', ')', '<', '>']);

/** Gathers the parts of a word; literals that touch and are quoted alike become one. */
export class WordParts {
  readonly parts: WordPart[] = [];

  literal(value: string, quoted: boolean): void {
    const last = this.parts.at(-1);
    if (last?.kind === 'literal' && last.quoted === quoted)
      this.parts[this.parts.length - 1] = { ...last, value: last.value + value };
    else this.parts.push({ kind: 'literal', value, quoted });
  }

  add(part: WordPart): void {
    this.parts.push(part);
  }
}

function singleQuoted(cursor: ShellCursor, into: WordParts): void {
  const end = cursor.text.indexOf("'", cursor.position + 1);
  if (end < 0) cursor.fail("a ' is not closed");
  into.literal(cursor.text.slice(cursor.position + 1, end), true);
  cursor.position = end + 1;
}

/** `$'...'`: the escapes that matter to addresses and names; others are kept as they are. */
function ansiQuoted(cursor: ShellCursor, into: WordParts): void {
  const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'" };
  cursor.position += 2;
  let value = '';
  while (cursor.char !== "'") {
    if (cursor.isAtEnd()) cursor.fail("a $' is not closed");
    if (cursor.char === '\\') {
      cursor.position += 1;
      value += escapes[cursor.char] ?? `\\${cursor.char}`;
    } else value += cursor.char;
    cursor.position += 1;
  }
  cursor.position += 1;
  into.literal(value, true);
}

function plainRun(cursor: ShellCursor, stop: RegExp): string {
  const start = cursor.position;
  while (!cursor.isAtEnd() && !stop.test(cursor.char)) cursor.position += 1;
  return cursor.text.slice(start, cursor.position);
}

function doubleQuoted(cursor: ShellCursor, into: WordParts): void {
  cursor.position += 1;
  into.literal('', true);
  while (cursor.char !== '"') {
    if (cursor.isAtEnd()) cursor.fail('a " is not closed');
    expandable(cursor, into, /["$`\\]/);
  }
  cursor.position += 1;
}

/** One step inside double quotes or a here-document: an escape, an expansion, or plain text. */
function expandable(cursor: ShellCursor, into: WordParts, stop: RegExp): void {
  if (cursor.char === '\\') {
    const next = cursor.text.charAt(cursor.position + 1);
    if (next !== '\n') into.literal(/["$`\\]/.test(next) ? next : `\\${next}`, true);
    cursor.position += next === '' ? 1 : 2;
  } else if (cursor.char === '$') parseDollar(cursor, into, true, parameterWord);
  else if (cursor.char === '`') backquoted(cursor, into, true);
  else {
    const text = plainRun(cursor, stop);
    into.literal(text === '' ? cursor.char : text, true);
    if (text === '') cursor.position += 1;
  }
}

function backquoted(cursor: ShellCursor, into: WordParts, quoted: boolean): void {
  const start = cursor.position;
  let text = '';
  cursor.position += 1;
  while (cursor.char !== '`') {
    if (cursor.isAtEnd()) cursor.fail('a ` is not closed');
    if (cursor.char === '\\' && /[`$\\]/.test(cursor.text.charAt(cursor.position + 1)))
      cursor.position += 1;
    text += cursor.char;
    cursor.position += 1;
  }
  cursor.position += 1;
  // The text is behind escapes, so offsets inside it are those of where it begins.
  const inner = cursor.inner(' '.repeat(Math.min(start, 4096)) + text);
  into.add({
    kind: 'substitution',
    quoted,
    process: false,
    body: inner.parseNested(inner, ''),
  });
}

/** One step of a word outside quotes; false where the word ends. */
function step(cursor: ShellCursor, into: WordParts): boolean {
  const c = cursor.char;
  if (c === '\\') {
    const next = cursor.text.charAt(cursor.position + 1);
    if (next !== '\n') into.literal(next, true);
    cursor.position += next === '' ? 1 : 2;
  } else if (c === "'") singleQuoted(cursor, into);
  else if (c === '"') doubleQuoted(cursor, into);
  else if (cursor.startsWith("$'")) ansiQuoted(cursor, into);
  else if (cursor.startsWith('$"')) {
    cursor.position += 1;
    doubleQuoted(cursor, into);
  } else if (c === '$') parseDollar(cursor, into, false, parameterWord);
  else if (c === '`') backquoted(cursor, into, false);
  else if (cursor.startsWith('<(') || cursor.startsWith('>(')) {
    cursor.position += 2;
    const body = cursor.nest(() => cursor.parseNested(cursor, ')'));
    into.add({ kind: 'substitution', quoted: true, process: true, body });
  } else if (WORD_END.has(c) || cursor.isAtEnd()) return false;
  else {
    into.literal(c, false);
    cursor.position += 1;
  }
  return true;
}

/** The word behind an operator in `${NAME:-word}`, up to and without its closing brace. */
function parameterWord(cursor: ShellCursor, quoted: boolean): readonly WordPart[] {
  const into = new WordParts();
  while (cursor.char !== '}') {
    if (cursor.isAtEnd()) cursor.fail('a ${ is not closed');
    if (quoted && cursor.char !== '"') expandable(cursor, into, /["$`\\}]/);
    else if (!step(cursor, into)) {
      into.literal(cursor.char, quoted);
      cursor.position += 1;
    }
  }
  return into.parts;
}

/** The word at the cursor, or undefined where none begins there. */
export function parseWord(cursor: ShellCursor): Word | undefined {
  const start = cursor.position;
  const into = new WordParts();
  while (step(cursor, into));
  if (cursor.position === start) return undefined;
  const end = cursor.position;
  return { text: cursor.text.slice(start, end), parts: into.parts, start, end };
}

/** The content of a here-document between two offsets, as a word; expanded unless its delimiter was quoted. */
export function parseHeredocBody(
  cursor: ShellCursor,
  start: number,
  end: number,
  expand: boolean,
  stripTabs: boolean,
): Word {
  const text = stripTabs
    ? cursor.text.slice(start, end).replace(/^\t+/gm, '')
    : cursor.text.slice(start, end);
  if (!expand) return { text, parts: [{ kind: 'literal', value: text, quoted: true }], start, end };
  const inner = cursor.inner(text);
  const into = new WordParts();
  while (!inner.isAtEnd()) expandable(inner, into, /[$`\\]/);
  return { text, parts: into.parts, start, end };
}
