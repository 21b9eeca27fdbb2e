import {
  type AndOr,
  type ArithmeticExpression,
  type Assignment as ParsedAssignment,
  type Case,
  type Command as ParsedCommand,
  type CommandNode,
  type CompoundList,
  type Function as ParsedFunction,
  parse,
  type ParsedScript,
  type PipelineNode,
  type Statement,
} from 'unbash';
import { err, ok, type Result } from '../../lib/errors.ts';
import {
  arithmeticParts,
  arrayParts,
  bare,
  counted,
  isRedirection,
  redirectsOf,
  testWords,
  wordOf,
  wordParts,
  type WordReader,
} from './lower.ts';
import type {
  Assignment,
  Command,
  List,
  ListOperator,
  Pipeline,
  Redirect,
  Span,
  Word,
} from './syntax-tree.ts';

type Item = List['items'][number];

/** Statements of the parser as our list: pipelines, each with the operator behind it. */
function listOf(statements: readonly Statement[], read: WordReader): List {
  const items = statements.flatMap((statement, at) => {
    const isLast = at === statements.length - 1;
    const end = statement.background === true ? '&' : isLast ? '' : ';';
    return itemsOf(statement.command, end, read);
  });
  return { items };
}

function itemsOf(node: PipelineNode | AndOr, end: ListOperator, read: WordReader): readonly Item[] {
  if (node.type !== 'AndOr') return [{ pipeline: pipelineOf(node, read), operator: end }];
  const items = node.commands.map((command, at) => ({
    pipeline: pipelineOf(command, read),
    operator: node.operators[at] ?? end,
  }));
  if (end !== '&') return items;
  // The whole of `a && b &` goes into the background.
  const last = items.at(-1);
  const body = {
    items: last === undefined ? [] : [...items.slice(0, -1), { ...last, operator: '' as const }],
  };
  const group: Command = {
    kind: 'group',
    subshell: true,
    body,
    redirects: [],
    ...read.place(node),
  };
  return [{ pipeline: { negated: false, elements: [group] }, operator: end }];
}

function pipelineOf(node: PipelineNode, read: WordReader): Pipeline {
  if (node.type !== 'Pipeline') return { negated: false, elements: [commandOf(node, [], read)] };
  const negations = node.prefixes.filter(({ type }) => type === 'Negation').length;
  return {
    negated: negations % 2 === 1,
    elements: node.commands.map((command) => commandOf(command, [], read)),
  };
}

function bodyOf(list: CompoundList, read: WordReader): List {
  return listOf(list.commands, read);
}

function commandOf(node: CommandNode, redirects: readonly Redirect[], read: WordReader): Command {
  const place = read.place(node);
  return read.nest(place, () => {
    switch (node.type) {
      case 'Command':
        return simpleOf(node, read);
      case 'Redirected':
        return { ...commandOf(node.command, redirectsOf(node.redirects, read), read), ...place };
      case 'Subshell':
      case 'BraceGroup': {
        const subshell = node.type === 'Subshell';
        return { kind: 'group', subshell, body: bodyOf(node.body, read), redirects, ...place };
      }
      case 'If': {
        const branches = [node, ...node.elif].map(({ clause, then }) => ({
          condition: bodyOf(clause, read),
          body: bodyOf(then, read),
        }));
        const otherwise = node.else && bodyOf(node.else, read);
        return { kind: 'if', branches, otherwise, redirects, ...place };
      }
      case 'While': {
        const condition = bodyOf(node.clause, read);
        return { kind: 'loop', condition, body: bodyOf(node.body, read), redirects, ...place };
      }
      case 'For':
      case 'Select': {
        const items = (node.wordlist ?? []).map((word) => wordOf(word, read));
        const variable = node.name.value;
        return { kind: 'for', variable, items, body: bodyOf(node.body, read), redirects, ...place };
      }
      case 'ArithmeticFor': {
        const { initialize, test, update } = node;
        const condition = listOfOne(arithmetic('', [initialize, test, update], place, [], read));
        return { kind: 'loop', condition, body: bodyOf(node.body, read), redirects, ...place };
      }
      case 'Case':
        return { ...caseOf(node, read), redirects, ...place };
      case 'TestCommand': {
        const words = [bare('[[', place), ...testWords(node.expression, read), bare(']]', place)];
        return { kind: 'simple', assignments: [], words, redirects, ...place };
      }
      case 'ArithmeticCommand':
        if (node.expression === undefined && /[$`]/.test(node.body))
          return read.fail('arithmetic that is not read', place.start);
        return arithmetic(node.body, [node.expression], place, redirects, read);
      case 'Function':
        return functionOf(node, read);
      case 'Coproc': {
        if (node.body.type === 'CompoundList')
          return read.fail('coproc without a command', place.start);
        const inner = { pipeline: pipelineOf(node.body, read), operator: '&' as const };
        return { kind: 'group', subshell: true, body: { items: [inner] }, redirects, ...place };
      }
    }
  });
}

function listOfOne(command: Command): List {
  return { items: [{ pipeline: { negated: false, elements: [command] }, operator: '' }] };
}

function arithmetic(
  text: string,
  expressions: readonly (ArithmeticExpression | undefined)[],
  place: Span,
  redirects: readonly Redirect[],
  read: WordReader,
): Command {
  const parts = expressions.flatMap((expression) => arithmeticParts(expression, read));
  const words = [bare('((', place), { text, parts: [counted(text, parts)], ...place }];
  return { kind: 'simple', assignments: [], words, redirects, ...place };
}

function caseOf(
  node: Case,
  read: WordReader,
): { kind: 'case'; subject: Word; arms: { patterns: readonly Word[]; body: List }[] } {
  const arms: { patterns: readonly Word[]; body: List }[] = [];
  for (const { pattern, body, terminator } of node.items.toReversed()) {
    const own = bodyOf(body, read).items;
    const falls = terminator === ';&' ? (arms[0]?.body.items ?? []) : [];
    const items = [
      ...own.slice(0, -1),
      ...own.slice(-1).map((last) => closed(last, falls.length > 0)),
      ...falls,
    ];
    arms.unshift({ patterns: pattern.map((word) => wordOf(word, read)), body: { items } });
  }
  return { kind: 'case', subject: wordOf(node.word, read), arms };
}

/** The last item of a body, with the separator that it needs where another body follows. */
function closed(item: Item, isFollowed: boolean): Item {
  return isFollowed && item.operator === '' ? { ...item, operator: ';' } : item;
}

function functionOf(node: ParsedFunction, read: WordReader): Command {
  const place = read.place(node);
  if (node.body.type === 'CompoundList') return read.fail('a function without a body', place.start);
  const body = commandOf(node.body, [], read);
  return { kind: 'function', name: node.name.value, body, redirects: [], ...place };
}

function simpleOf(node: ParsedCommand, read: WordReader): Command {
  const assignments = node.prefix.flatMap((one) =>
    one.type === 'Assignment' ? [assignmentOf(one, read)] : [],
  );
  const words = [
    ...(node.name === undefined ? [] : [wordOf(node.name, read)]),
    ...node.suffix.flatMap((one): readonly Word[] => {
      if (one.type === 'Word') return [wordOf(one, read)];
      return isRedirection(one) ? [] : [assignmentWord(one, read)];
    }),
  ];
  const redirects = redirectsOf([...node.prefix, ...node.suffix].filter(isRedirection), read);
  return { kind: 'simple', assignments, words, redirects, ...read.place(node) };
}

function assignmentOf(node: ParsedAssignment, read: WordReader): Assignment {
  const { name, text, value, index, append = false } = node;
  const place = read.place(node);
  const parts = value.type === 'ArrayValue' ? arrayParts(value, read) : wordParts(value, read);
  if (index === undefined)
    return {
      name,
      append,
      value: { text: value.type === 'Word' ? value.text : '', parts, ...place },
    };
  // An element of an array says nothing of the others.
  const element = { kind: 'opaque' as const, text, parts: [...wordParts(index, read), ...parts] };
  return { name, append, value: { text, parts: [element], ...place } };
}

/** `NAME=value` behind a command (`export`, `declare`), as the one word that it is. */
function assignmentWord(node: ParsedAssignment, read: WordReader): Word {
  const { name, append, value } = assignmentOf(node, read);
  const head = { kind: 'literal' as const, value: `${name}${append ? '+' : ''}=` };
  return { text: node.text, parts: [head, ...value.parts], ...read.place(node) };
}

/** Why shell text could not be read, with the offset of the place. */
interface ShellError {
  readonly message: string;
  readonly offset: number;
}

class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The parser rereads nested text at each level, so that its worst time is length times nesting. */
const MAX_LENGTH = 65_536;
/** Commands and substitutions inside each other; nobody writes more. */
const MAX_DEPTH = 48;
/** Each one begun on a line is read again for each that follows. */
const MAX_HEREDOCS = 1000;
const TOO_DEEP = 'shell is nested too deeply';

/** Knows the places and the depth of nested scripts. */
class Reader implements WordReader {
  private depth = 0;
  /** Set where the text was escaped (backquotes in backquotes): all of it has this place. */
  private within: Span | undefined;

  place({ pos, end }: { readonly pos: number; readonly end: number }): Span {
    return this.within ?? { start: pos, end };
  }

  nest<T>(at: Span, read: () => T): T {
    if (this.depth >= MAX_DEPTH) this.fail(TOO_DEEP, at.start);
    this.depth += 1;
    const found = read();
    this.depth -= 1;
    return found;
  }

  fail(message: string, offset: number): never {
    throw new ShellSyntaxError(message, this.within?.start ?? offset);
  }

  script(script: ParsedScript | undefined, at: Span): List {
    if (script === undefined) return this.fail('a substitution that is not read', at.start);
    return this.nest(at, () => {
      const outer = this.within;
      if (script.source !== undefined) this.within ??= at;
      const [error] = script.errors ?? [];
      if (error !== undefined) this.fail(error.message, error.pos);
      const list = listOf(script.commands, this);
      this.within = outer;
      return list;
    });
  }
}

/**
 * Reads shell text as bash does, which takes what POSIX shells take; the tracer knows where they
 * differ. The error gives the first place that cannot be read, in nested scripts too, or says that
 * a text is over the bounds.
 */
export function parseShell(text: string): Result<List, ShellError> {
  if (text.length > MAX_LENGTH)
    return err({ message: `more than ${MAX_LENGTH} characters of shell`, offset: 0 });
  if (text.split('<<').length > MAX_HEREDOCS)
    return err({ message: `more than ${MAX_HEREDOCS} here-documents`, offset: 0 });
  // Authors mean a blank by a carriage return before a line end; offsets stay.
  const source = text.replace(/\r(?=\n|$)/g, ' ');
  try {
    return ok(new Reader().script(parse(source), { start: 0, end: text.length }));
  } catch (thrown) {
    // The parser's own bound on nesting is higher than a small stack.
    if (thrown instanceof RangeError) return err({ message: TOO_DEEP, offset: 0 });
    if (!(thrown instanceof ShellSyntaxError)) throw thrown;
    return err({ message: thrown.message, offset: thrown.offset });
  }
}
