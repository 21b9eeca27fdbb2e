import type { ShellCursor } from './cursor.ts';
import type { WordPart } from './syntax-tree.ts';

interface PartSink {
  literal(value: string, quoted: boolean): void;
  add(part: WordPart): void;
}
type ParameterWord = (cursor: ShellCursor, quoted: boolean) => readonly WordPart[];

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const OPERATORS = [':-', ':+', ':?', ':=', '##', '%%', '//', '-', '+', '?', '=', '#', '%', '/'];

function nameAt(cursor: ShellCursor): string {
  NAME.lastIndex = cursor.position;
  return NAME.exec(cursor.text)?.[0] ?? '';
}

/** Offset behind the `))` that closes an arithmetic expansion opened before the cursor, or -1. */
function arithmeticEnd(cursor: ShellCursor, from: number): number {
  let open = 2;
  const limit = Math.min(cursor.text.length, from + 4096);
  for (let at = from; at < limit; at += 1) {
    const c = cursor.text.charAt(at);
    if (c === '(') open += 1;
    if (c === ')') open -= 1;
    if (open === 0) return cursor.text.charAt(at - 1) === ')' ? at + 1 : -1;
  }
  return -1;
}

function braced(cursor: ShellCursor, quoted: boolean, parameterWord: ParameterWord): WordPart {
  cursor.position += 2;
  // ${#NAME} and ${!NAME}: never a constant here.
  const special = /[#!]/.test(cursor.char) && cursor.text.charAt(cursor.position + 1) !== '}';
  if (special) cursor.position += 1;
  let name = nameAt(cursor);
  if (name === '') {
    name =
      /\d+|[@*#?$!-]/y.exec(cursor.text.slice(cursor.position, cursor.position + 8))?.[0] ?? '';
    if (name === '') cursor.fail('bad substitution');
  }
  cursor.position += name.length;
  let operator = OPERATORS.find((o) => cursor.startsWith(o)) ?? '';
  cursor.position += operator.length;
  const argument = cursor.nest(() => parameterWord(cursor, quoted));
  if (special || (operator === '' && argument.length > 0)) operator = 'other';
  cursor.position += 1;
  return { kind: 'variable', name, quoted, operator, argument };
}

/** What begins with `$` at the cursor: a variable, `${...}`, `$(...)`, `$((...))`, or a plain dollar. */
export function parseDollar(
  cursor: ShellCursor,
  into: PartSink,
  quoted: boolean,
  parameterWord: ParameterWord,
): void {
  const start = cursor.position;
  const next = cursor.text.charAt(start + 1);
  if (next === '{') {
    into.add(braced(cursor, quoted, parameterWord));
    return;
  }
  const arithmetic = cursor.startsWith('$((') ? arithmeticEnd(cursor, start + 3) : -1;
  if (arithmetic > 0) {
    into.add({ kind: 'opaque', text: cursor.text.slice(start, arithmetic) });
    cursor.position = arithmetic;
    return;
  }
  if (next === '(') {
    cursor.position += 2;
    const body = cursor.nest(() => cursor.parseNested(cursor, ')'));
    into.add({ kind: 'substitution', quoted, process: false, body });
    return;
  }
  cursor.position += 1;
  const name = nameAt(cursor) || (/[0-9@*#?$!-]/.test(next) ? next : '');
  cursor.position += name.length;
  if (name === '') into.literal('$', quoted);
  else into.add({ kind: 'variable', name, quoted, operator: '', argument: [] });
}
