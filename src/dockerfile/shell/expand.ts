import {
  type Assignment,
  forEachChild,
  type ParameterExpansionPart,
  type ParsedScript,
  type Redirection,
  type SyntaxNode,
  type TestExpression,
  type Word as ParsedWord,
  type WordPart,
} from 'unbash';
import { applyOperator, type Lookup } from '../substitute.ts';
import type { Span } from './parse-shell.ts';

/** Arithmetic and arrays: never a constant here. What is inside is run all the same. */
interface Opaque {
  readonly type: 'Opaque';
  readonly text: string;
  readonly inside: readonly SyntaxNode[];
  /** It is counted with: the names in it are variables. */
  readonly counted?: true;
}

type Part = WordPart | Opaque;

/** A word of a command, with `parts` that are expanded one by one. */
export interface Word extends Span {
  /** As written. */
  readonly text: string;
  readonly parts: readonly Part[];
}

export interface Redirect {
  /** `>`, `>>`, `<`, `<<`, `<<<`, `>&`, `&>` ... */
  readonly operator: string;
  /** The file descriptor that is written before the operator. */
  readonly descriptor: number | undefined;
  /** File or here-string; empty for a here-document. */
  readonly target: Word;
  /** Content of a here-document. */
  readonly body?: Word;
}

/**
 * A word as a command gets it. `text` has every known value put in and names the rest (`${NAME}`,
 * `$(...)`), so that two words with the same unknown compare equal. `constant` where nothing is
 * unknown.
 */
export interface Field {
  readonly text: string;
  readonly constant: boolean;
  /** Commands whose output flows into it, by number. */
  readonly sources: readonly number[];
}

/** Where a node lies; in text that was escaped (backquotes in backquotes) all have one place. */
export type PlaceOf = (node: { readonly pos: number; readonly end: number }) => Span;

const MAX_FIELD = 65_536;

export function constantField(text: string): Field {
  return { text, constant: true, sources: [] };
}

function literal(value: string): Part {
  return { type: 'Literal', value, text: value, pos: 0, end: 0 };
}

function partsOf({ parts, value }: ParsedWord): readonly Part[] {
  return parts ?? [literal(value)];
}

export function wordOf(word: ParsedWord, placeOf: PlaceOf): Word {
  return { text: word.text, parts: partsOf(word), ...placeOf(word) };
}

export function bareWord(text: string, place: Span): Word {
  return { text, parts: [literal(text)], ...place };
}

/** Arithmetic as a command: `(( TEXT ))`, and what a `for` counts with. */
export function arithmeticWords(
  text: string,
  expressions: readonly (SyntaxNode | undefined)[],
  place: Span,
): readonly Word[] {
  const inside = expressions.filter((one) => one !== undefined);
  const counted: Part = { type: 'Opaque', text, inside, counted: true };
  return [bareWord('((', place), { text, parts: [counted], ...place }];
}

export function isWrite({ operator, descriptor }: Redirect): boolean {
  return descriptor !== 2 && ['>', '>>', '>|', '&>', '&>>'].includes(operator);
}

/** The value of an assignment; an element of an array says nothing of the others. */
export function valueOf(node: Assignment, placeOf: PlaceOf): Word {
  const { text, value, index } = node;
  if (index === undefined && value.type === 'Word') return { ...wordOf(value, placeOf) };
  const inside = index === undefined ? [value] : [index, value];
  return { text, parts: [{ type: 'Opaque', text: '(...)', inside }], ...placeOf(node) };
}

/** `NAME=value` behind a command (`export`, `declare`), as the one word that it is. */
export function assignmentWord(node: Assignment, placeOf: PlaceOf): Word {
  const head = literal(`${node.name}${node.append === true ? '+' : ''}=`);
  return { text: node.text, parts: [head, ...valueOf(node, placeOf).parts], ...placeOf(node) };
}

/** The words of `[[ ... ]]` in order, operators and parentheses as words of their own. */
export function testWords(node: TestExpression, placeOf: PlaceOf): readonly Word[] {
  const operator = (text: string): Word => bareWord(text, placeOf(node));
  switch (node.type) {
    case 'TestUnary': {
      const operand = wordOf(node.operand, placeOf);
      return node.operator === '' ? [operand] : [operator(node.operator), operand];
    }
    case 'TestBinary': {
      const isCounted = /^-(?:eq|ne|[lg][et])$/.test(node.operator);
      const of = (side: ParsedWord): Word => {
        const counted: Part = { type: 'Opaque', text: side.text, inside: [side], counted: true };
        const word = wordOf(side, placeOf);
        return isCounted ? { ...word, parts: [counted] } : word;
      };
      return [of(node.left), operator(node.operator), of(node.right)];
    }
    case 'TestLogical':
      return node.operands.flatMap((operand, at) => [
        ...(at === 0 ? [] : [operator(node.operator)]),
        ...testWords(operand, placeOf),
      ]);
    case 'TestNot':
      return [...node.negations.map(() => operator('!')), ...testWords(node.operand, placeOf)];
    case 'TestGroup':
      return [operator('('), ...testWords(node.expression, placeOf), operator(')')];
  }
}

export function redirectOf(node: Redirection, placeOf: PlaceOf): Redirect {
  const descriptor = node.descriptor?.type === 'FileDescriptor' ? node.descriptor.value : undefined;
  const none = { text: '', parts: [], ...placeOf(node) };
  if (node.type !== 'HereDoc') {
    const target = node.target === undefined ? none : wordOf(node.target, placeOf);
    return { operator: node.operator, descriptor, target };
  }
  const { body, delimiter } = node;
  const parts =
    delimiter?.quoted === true
      ? [literal(body.text)]
      : (body.parts ?? [literal(body.text.replace(/\\([$`\\])|\\\n/g, '$1'))]);
  // The tabs that `<<-` takes off the lines.
  const bare = parts.map((part, at) =>
    part.type === 'Literal'
      ? literal(part.value.replace(at === 0 ? /^\t+/gm : /(?<=\n)\t+/g, ''))
      : part,
  );
  const whole = { text: body.text, parts: node.operator === '<<-' ? bare : parts };
  return { operator: '<<', descriptor, target: none, body: { ...whole, ...placeOf(body) } };
}

/** A variable as far as it is known. */
interface Variable {
  readonly value: string | undefined;
  /** The text of an unknown value; each one that a script sets has a name of its own. */
  readonly name: string;
  readonly sources: readonly number[];
}

/** What a script sets, and what it prints: all that its words are made of. */
export class Shell {
  readonly known = new Map<string, Variable>();
  /** Numbers of the commands of a substitution. */
  readonly printed = new Map<ParsedScript, readonly number[]>();
  /** It counts with variables, or what commands print: bash runs commands in their values. */
  counts = false;
  private readonly lookup: Lookup;
  private readonly nextId: () => number;

  constructor(lookup: Lookup, nextId: () => number) {
    this.lookup = lookup;
    this.nextId = nextId;
  }

  assign(name: string, field: Field | undefined, isConditional: boolean): void {
    this.known.set(name, {
      value: field?.constant === true && !isConditional ? field.text : undefined,
      name: `\${${name}#${this.nextId()}}`,
      sources: field?.sources ?? [],
    });
  }

  variable(name: string): Variable {
    const value = this.lookup(name);
    return this.known.get(name) ?? { value, name: `\${${name}}`, sources: [] };
  }

  /** A word as one field, never split: values of assignments, here-documents, targets. */
  joined({ parts }: Pick<Word, 'parts'>): Field {
    return new Expansion(this, false).of(parts)[0] ?? constantField('');
  }

  /** The fields that a word expands to; an unquoted variable may give several, or none. */
  fieldsOf({ parts }: Word): readonly Field[] {
    return new Expansion(this, true).of(parts);
  }

  /** The commands whose output is somewhere in a part of a word. */
  sourcesIn(node: SyntaxNode | Opaque): readonly number[] {
    if (node.type === 'Opaque') {
      if (node.counted === true) this.count(node.text);
      return node.inside.flatMap((one) => this.sourcesIn(one));
    }
    if ('script' in node) return (node.script && this.printed.get(node.script)) ?? [];
    if (node.type === 'SimpleExpansion') return this.variable(node.text.slice(1)).sources;
    const found: number[] = [];
    if (node.type === 'ParameterExpansion') {
      found.push(...this.variable(node.parameter).sources);
      if (node.index !== undefined) this.count(node.index.text);
      if (node.operation?.type === 'Slice') this.count(node.text.replace(/^[^:]*/, ''));
    }
    if (node.type === 'ArithmeticExpansion') this.count(node.text.slice(1));
    forEachChild(node, (child) => {
      found.push(...this.sourcesIn(child));
    });
    return found;
  }

  private count(text: string): void {
    this.counts ||= /[A-Za-z_$`]/.test(text);
  }
}

/** Expands one word: what is known is put in, what is not is named. */
class Expansion {
  private readonly shell: Shell;
  private readonly splits: boolean;
  private readonly fields: Field[] = [];
  private text = '';
  private constant = true;
  private sources: number[] = [];
  private begun = false;

  constructor(shell: Shell, splits: boolean) {
    this.shell = shell;
    this.splits = splits;
  }

  of(parts: readonly Part[]): readonly Field[] {
    for (const part of parts) this.add(part, false);
    this.end();
    return this.fields;
  }

  private end(): void {
    if (this.begun)
      this.fields.push({
        text: this.text,
        constant: this.constant,
        sources: [...new Set(this.sources)],
      });
    this.text = '';
    this.constant = true;
    this.sources = [];
    this.begun = false;
  }

  private add(part: Part, isQuoted: boolean): void {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        this.put(part.value);
        return;
      case 'DoubleQuoted':
      case 'LocaleString':
        this.put('');
        for (const inner of part.parts) this.add(inner, true);
        return;
      case 'SimpleExpansion':
        this.variable(part.text.slice(1), '', constantField(''), isQuoted);
        return;
      case 'ParameterExpansion':
        this.parameter(part, isQuoted);
        return;
      case 'CommandExpansion':
      case 'ProcessSubstitution':
        this.put('$(...)', false, this.shell.sourcesIn(part));
        return;
      case 'Glob':
      case 'ArithmeticExpansion':
      case 'ExtendedGlob':
      case 'BraceExpansion':
      case 'Opaque': {
        const isPlain = (inner: WordPart): boolean => /^(?:Literal|.*Quoted)$/.test(inner.type);
        if (part.type === 'Glob' && part.parts?.every(isPlain) !== false) this.put(part.value);
        else this.put(part.text, false, this.shell.sourcesIn(part));
      }
    }
  }

  private put(text: string, constant = true, sources: readonly number[] = []): void {
    if (this.text.length < MAX_FIELD) this.text += text;
    this.constant &&= constant;
    this.sources.push(...sources);
    this.begun = true;
  }

  /** `${NAME<operator>argument}`. */
  private variable(name: string, operator: string, argument: Field, isQuoted: boolean): void {
    const { value: plain, name: whole, sources } = this.shell.variable(name);
    const value = argument.constant ? applyOperator(operator, plain, argument.text) : undefined;
    if (value === undefined) {
      // The argument is kept in the name, so that `$A` and `${A:-x}` do not pass for the same.
      const text = operator === '' ? whole : `${whole.slice(0, -1)}${operator}${argument.text}}`;
      this.put(text, false, [...sources, ...argument.sources]);
    } else if (isQuoted || !this.splits) this.put(value, true, sources);
    else
      value.split(/[ \t\n]+/).forEach((piece, at) => {
        if (at > 0) this.end();
        if (piece !== '') this.put(piece, true, sources);
      });
  }

  private parameter(part: ParameterExpansionPart, isQuoted: boolean): void {
    const { parameter: name, prefix, index, operation } = part;
    const isPlain = prefix === undefined && index === undefined;
    const of = (word: ParsedWord): Field => this.shell.joined({ parts: partsOf(word) });
    if (isPlain && operation === undefined) this.variable(name, '', constantField(''), isQuoted);
    else if (isPlain && (operation?.type === 'Default' || operation?.type === 'Remove'))
      this.variable(name, operation.operator, of(operation.operand), isQuoted);
    else if (isPlain && operation?.type === 'Replace' && /^\/\/?$/.test(operation.operator)) {
      const [pattern, replacement] = [of(operation.pattern), of(operation.replacement)];
      const argument = {
        text: `${pattern.text}/${replacement.text}`,
        constant: pattern.constant && replacement.constant,
        sources: [...pattern.sources, ...replacement.sources],
      };
      this.variable(name, operation.operator, argument, isQuoted);
    } else {
      const { name: whole } = this.shell.variable(name);
      this.put(`${whole.slice(0, -1)} ${part.text}}`, false, this.shell.sourcesIn(part));
    }
  }
}
