import {
  type ArrayValue,
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

/** Arithmetic, arrays, patterns: never a constant here. What is inside is expanded all the same. */
interface Opaque {
  readonly type: 'Opaque';
  readonly text: string;
  readonly inside: readonly SyntaxNode[];
  /** It is counted with, and so is this text where it is the name of a variable. */
  readonly counted?: string;
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

/** The value of a variable where it is known, and the commands that it comes from. */
interface Variable {
  readonly value: string | undefined;
  /** Where it is not: the value with its unknown parts named, as a field has them. */
  readonly shape?: string;
  readonly sources: readonly number[];
}

export interface ExpansionContext {
  /** Gets the commands whose output is counted with. */
  readonly counted: (sources: readonly number[]) => void;
  readonly variable: (name: string) => Variable;
  /** Numbers of the commands of a substitution. */
  readonly printed: (script: ParsedScript | undefined) => readonly number[];
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

export function wordOf(word: ParsedWord, placeOf: PlaceOf): Word {
  return { text: word.text, parts: partsOf(word), ...placeOf(word) };
}

function partsOf({ parts, value }: ParsedWord): readonly Part[] {
  return parts ?? [literal(value)];
}

export function bareWord(text: string, place: Span): Word {
  return { text, parts: [literal(text)], ...place };
}

/** Text that is counted with: `(( TEXT ))`, a side of `[[ a -gt b ]]`. */
function countedWord(text: string, inside: readonly SyntaxNode[], place: Span, name = ''): Word {
  return { text, parts: [{ type: 'Opaque', text, inside, counted: name }], ...place };
}

/** Arithmetic as a command: `(( TEXT ))`, and what a `for` counts with. */
export function arithmeticWords(
  text: string,
  expressions: readonly (SyntaxNode | undefined)[],
  place: Span,
): readonly Word[] {
  const inside = expressions.filter((one) => one !== undefined);
  return [bareWord('((', place), countedWord(text, inside, place)];
}

export function isWrite(redirect: Redirect): boolean {
  const { operator, descriptor } = redirect;
  return descriptor !== 2 && ['>', '>>', '>|', '&>', '&>>'].includes(operator);
}

/** The value of an assignment; an element of an array says nothing of the others. */
export function valueOf(node: Assignment, placeOf: PlaceOf): Word {
  const { text, value, index } = node;
  const place = placeOf(node);
  if (index !== undefined)
    return { text, parts: [{ type: 'Opaque', text, inside: [index, value] }], ...place };
  return value.type === 'ArrayValue'
    ? { text: '', parts: [arrayOf(value)], ...place }
    : { text: value.text, parts: partsOf(value), ...place };
}

function arrayOf(value: ArrayValue): Part {
  return { type: 'Opaque', text: '(...)', inside: [value] };
}

/** `NAME=value` behind a command (`export`, `declare`), as the one word that it is. */
export function assignmentWord(node: Assignment, placeOf: PlaceOf): Word {
  const head = literal(`${node.name}${node.append === true ? '+' : ''}=`);
  return { text: node.text, parts: [head, ...valueOf(node, placeOf).parts], ...placeOf(node) };
}

/** The words of `[[ ... ]]` in order, operators and parentheses as words of their own. */
export function testWords(node: TestExpression, placeOf: PlaceOf): readonly Word[] {
  const place = placeOf(node);
  const operator = (text: string): Word => bareWord(text, place);
  switch (node.type) {
    case 'TestUnary':
      return [
        ...(node.operator === '' ? [] : [operator(node.operator)]),
        wordOf(node.operand, placeOf),
      ];
    case 'TestBinary': {
      const of = (side: ParsedWord): Word =>
        /^-(?:eq|ne|[lg][et])$/.test(node.operator)
          ? countedWord(side.text, [side], placeOf(side), side.text)
          : wordOf(side, placeOf);
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
  const whole = {
    text: body.text,
    parts: node.operator === '<<-' ? parts.map(withoutTabs) : parts,
    ...placeOf(body),
  };
  return { operator: '<<', descriptor, target: none, body: whole };
}

/** The tabs that `<<-` takes off the lines. */
function withoutTabs(part: Part, at: number): Part {
  if (part.type !== 'Literal') return part;
  return literal(part.value.replace(at === 0 ? /^\t+/gm : /(?<=\n)\t+/g, ''));
}

/** The text of a here-document without anything that a shell expands; undefined with such. */
export function plainText({ parts }: Word): string | undefined {
  const texts = parts.map((part) => (part.type === 'Literal' ? part.value : undefined));
  return texts.includes(undefined) ? undefined : texts.join('');
}

/** Expands words: what is known is put in, what is not is named. */
class Expansion {
  readonly fields: Field[] = [];
  private readonly around: ExpansionContext;
  private readonly splits: boolean;
  private text = '';
  private constant = true;
  private sources: number[] = [];
  private begun = false;

  constructor(around: ExpansionContext, splits: boolean) {
    this.around = around;
    this.splits = splits;
  }

  end(): readonly Field[] {
    if (this.begun)
      this.fields.push({ text: this.text, constant: this.constant, sources: this.sources });
    this.text = '';
    this.constant = true;
    this.sources = [];
    this.begun = false;
    return this.fields;
  }

  add(part: Part, isQuoted = false): void {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        this.put(part.value);
        return;
      case 'Glob': {
        const isOpen = part.parts?.some(({ type }) => !/^(?:Literal|.*Quoted)$/.test(type));
        if (isOpen === true) this.open(part.text, this.sourcesIn(part));
        else this.put(part.value);
        return;
      }
      case 'DoubleQuoted':
      case 'LocaleString':
        this.put('');
        for (const inner of part.parts) this.add(inner, true);
        return;
      case 'SimpleExpansion':
        this.variable({ name: part.text.slice(1) }, isQuoted);
        return;
      case 'ParameterExpansion':
        this.parameter(part, isQuoted);
        return;
      case 'CommandExpansion':
      case 'ProcessSubstitution':
        this.open('$(...)', this.around.printed(part.script));
        return;
      case 'ArithmeticExpansion':
      case 'ExtendedGlob':
      case 'BraceExpansion': {
        const sources = this.sourcesIn(part);
        if (part.type === 'ArithmeticExpansion') this.around.counted(sources);
        this.open(part.text, sources);
        return;
      }
      case 'Opaque': {
        const sources = part.inside.flatMap((node) => this.sourcesIn(node));
        if (part.counted !== undefined)
          this.around.counted([...sources, ...this.named(part.counted)]);
        this.open(part.text, sources);
      }
    }
  }

  private put(text: string, constant = true, sources: readonly number[] = []): void {
    if (this.text.length < MAX_FIELD) this.text += text;
    this.constant &&= constant;
    this.sources.push(...sources);
    this.begun = true;
  }

  private open(text: string, sources: readonly number[]): void {
    this.put(text, false, sources);
  }

  /** `${NAME<operator>argument}`. */
  private variable(
    part: { readonly name: string; readonly operator?: string; readonly argument?: Field },
    isQuoted: boolean,
  ): void {
    const { name, operator = '', argument = constantField('') } = part;
    const { value: plain, shape, sources } = this.around.variable(name);
    const value = argument.constant ? applyOperator(operator, plain, argument.text) : undefined;
    if (value === undefined) {
      // The default is kept in the name, so that `$A` and `${A:-x}` do not pass for the same.
      const whole = `\${${name}${operator}${argument.text}}`;
      const text = operator === '' ? (shape ?? whole) : whole;
      this.open(text, [...sources, ...argument.sources]);
    } else if (isQuoted || !this.splits) this.put(value, true, sources);
    else
      value.split(/[ \t\n]+/).forEach((piece, at) => {
        if (at > 0) this.end();
        if (piece !== '') this.put(piece, true, sources);
      });
  }

  private parameter(part: ParameterExpansionPart, isQuoted: boolean): void {
    const { parameter: name, prefix, index, operation } = part;
    const texts: Field[] = [];
    const counted: ParsedWord[] = index === undefined ? [] : [index];
    let operator = 'other';
    const take = (...words: readonly (ParsedWord | undefined)[]): void => {
      for (const word of words)
        if (word !== undefined) texts.push(expanded(partsOf(word), this.around));
    };
    take(index);
    switch (operation?.type) {
      case undefined:
        operator = '';
        break;
      case 'Default':
      case 'Remove':
        ({ operator } = operation);
        take(operation.operand);
        break;
      case 'Replace':
        if (operation.operator === '/' || operation.operator === '//') ({ operator } = operation);
        take(operation.pattern);
        texts.push(constantField('/'));
        take(operation.replacement);
        break;
      case 'Slice':
        take(operation.offset, operation.length);
        counted.push(operation.offset);
        if (operation.length !== undefined) counted.push(operation.length);
        break;
      case 'CaseModification':
      case 'Transform':
        take(operation.operand);
        break;
      case 'Names':
      case 'Unknown':
        break;
    }
    const sources = [
      ...texts.flatMap((one) => one.sources),
      ...counted.flatMap(({ text }) => this.named(text)),
    ];
    if (counted.length > 0) this.around.counted(sources);
    const argument = {
      text: texts.map(({ text }) => text).join(''),
      constant: texts.every(({ constant }) => constant),
      sources,
    };
    const isPlain = prefix === undefined && index === undefined;
    this.variable({ name, operator: isPlain ? operator : 'other', argument }, isQuoted);
  }

  /** The commands behind a name, which arithmetic takes for the variable. */
  private named(text: string): readonly number[] {
    return /^[A-Za-z_]\w*$/.test(text) ? this.around.variable(text).sources : [];
  }

  /** The commands whose output is somewhere in a part of a word. */
  private sourcesIn(node: SyntaxNode): readonly number[] {
    if (node.type === 'Word') return expanded(partsOf(node), this.around).sources;
    if (node.type === 'ArithmeticCommandExpansion') return this.around.printed(node.script);
    if (
      node.type === 'SimpleExpansion' ||
      node.type === 'ParameterExpansion' ||
      node.type === 'CommandExpansion' ||
      node.type === 'ProcessSubstitution'
    )
      return expanded([node], this.around).sources;
    const found: number[] = node.type === 'ArithmeticWord' ? [...this.named(node.value)] : [];
    forEachChild(node, (child) => {
      found.push(...this.sourcesIn(child));
    });
    return found;
  }
}

/** Parts as one field, never split: values of assignments, here-documents, targets. */
function expanded(parts: readonly Part[], around: ExpansionContext): Field {
  const whole = new Expansion(around, false);
  for (const part of parts) whole.add(part);
  return whole.end()[0] ?? constantField('');
}

export function joined({ parts }: Word, around: ExpansionContext): Field {
  return expanded(parts, around);
}

/** The fields that a word expands to; an unquoted variable may give several, or none. */
export function fieldsOf({ parts }: Word, around: ExpansionContext): readonly Field[] {
  const whole = new Expansion(around, true);
  for (const part of parts) whole.add(part);
  return whole.end();
}

interface Known {
  readonly value: string | undefined;
  readonly shape: string;
  readonly sources: readonly number[];
  /** Every value that the script gives it; undefined where one of them is not known. */
  readonly all: readonly string[] | undefined;
}

/** What a script sets, as far as it is known. */
export class Variables {
  readonly known = new Map<string, Known>();
  private readonly lookup: Lookup;
  /** Each value that is not known has a number of its own. */
  private readonly nextId: () => number;

  constructor(lookup: Lookup, nextId: () => number) {
    this.lookup = lookup;
    this.nextId = nextId;
  }

  assign(
    name: string,
    field: Field | undefined,
    isConditional: boolean,
    items: readonly Field[] = [],
  ): void {
    const known = this.known.get(name);
    const outer = known === undefined ? this.lookup(name) : undefined;
    const before = known === undefined ? (outer === undefined ? [] : [outer]) : known.all;
    const isKnown = field?.constant === true;
    const given = field === undefined ? items : [field];
    const all =
      given.length > 0 && given.every(({ constant }) => constant) && before !== undefined
        ? [...new Set([...(isConditional ? before : []), ...given.map(({ text }) => text)])]
        : undefined;
    const version = `\${${name}#${this.nextId()}}`;
    const shape = field === undefined || field.constant || isConditional ? version : undefined;
    // What a command prints, and what would be split, is known by the name alone.
    const written =
      field === undefined || /[\s*?]|\$\(/.test(field.text) || field.text.length > 2048
        ? version
        : field.text;
    this.known.set(name, {
      value: isKnown && !isConditional ? field.text : undefined,
      shape: shape ?? written,
      sources: field?.sources ?? [],
      all,
    });
  }
}
