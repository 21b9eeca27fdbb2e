import type { SourceRange } from '../../model/dockerfile.ts';
import { applyOperator } from '../substitute.ts';

/** Offsets into the shell text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A piece of a word; a `quoted` one is never split into fields. */
export type WordPart =
  /** `pattern` where it means names of files: an unquoted `*`, `?` or `[a-z]`. */
  | { readonly kind: 'literal'; readonly value: string; readonly pattern?: true }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly quoted: boolean;
      /** `:-`, `+`, `##`, `/` and the like; `other` for forms whose value is not worked out. */
      readonly operator: string;
      readonly argument: readonly WordPart[];
      /** It is counted with: a subscript, a place in a text. */
      readonly counts?: true;
    }
  | {
      readonly kind: 'substitution';
      readonly quoted: boolean;
      /** `<(...)` and `>(...)`; undefined for `$(...)`. */
      readonly process: '<' | '>' | undefined;
      readonly body: List;
    }
  /** Arithmetic, arrays, patterns: never a constant here. The `parts` are expanded all the same. */
  | {
      readonly kind: 'opaque';
      readonly text: string;
      readonly parts: readonly WordPart[];
      readonly counts?: true;
    };

export interface Word extends Span {
  /** As written. */
  readonly text: string;
  readonly parts: readonly WordPart[];
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

export interface Assignment {
  readonly name: string;
  readonly value: Word;
  readonly append: boolean;
}

export interface Simple extends Span {
  readonly kind: 'simple';
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  readonly redirects: readonly Redirect[];
}

interface Branch {
  readonly condition: List;
  readonly body: List;
}

interface CaseArm {
  readonly patterns: readonly Word[];
  /** With the bodies that `;&` falls through to. */
  readonly body: List;
}

interface Compound extends Span {
  readonly redirects: readonly Redirect[];
}

export type Command =
  | Simple
  | (Compound & {
      readonly kind: 'if';
      readonly branches: readonly Branch[];
      readonly otherwise: List | undefined;
    })
  | (Compound & { readonly kind: 'loop'; readonly condition: List; readonly body: List })
  | (Compound & {
      readonly kind: 'for';
      readonly variable: string;
      readonly items: readonly Word[];
      readonly body: List;
    })
  | (Compound & {
      readonly kind: 'case';
      readonly subject: Word;
      readonly arms: readonly CaseArm[];
    })
  | (Compound & { readonly kind: 'group'; readonly subshell: boolean; readonly body: List })
  | (Compound & { readonly kind: 'function'; readonly name: string; readonly body: Command });

export interface Pipeline {
  readonly negated: boolean;
  readonly elements: readonly Command[];
}

export type ListOperator = '&&' | '||' | ';' | '&' | '';

export interface List {
  readonly items: readonly { readonly pipeline: Pipeline; readonly operator: ListOperator }[];
}

/** Shell text as a tree, and where its places lie in the Dockerfile. */
export interface Script {
  readonly list: List;
  readonly text: string;
  readonly rangeOf: (start: number, end: number) => SourceRange;
}

/** The commands in the substitutions of a word, those in arguments and arithmetic too, in order. */
function substitutionsIn(parts: readonly WordPart[]): readonly List[] {
  return parts.flatMap((part) => {
    switch (part.kind) {
      case 'literal':
        return [];
      case 'substitution':
        return [part.body];
      case 'variable':
        return substitutionsIn(part.argument);
      case 'opaque':
        return substitutionsIn(part.parts);
    }
  });
}

function inRedirects(redirects: readonly Redirect[]): readonly List[] {
  return redirects.flatMap(({ target, body }) =>
    [...target.parts, ...(body?.parts ?? [])].flatMap((part) => substitutionsIn([part])),
  );
}

/** The commands that the shell runs to know the words of a command and where its streams lead. */
export function expandedBy(command: Command): readonly List[] {
  const redirects = inRedirects(command.redirects);
  const of = (words: readonly { readonly parts: readonly WordPart[] }[]): readonly List[] => [
    ...words.flatMap(({ parts }) => substitutionsIn(parts)),
    ...redirects,
  ];
  switch (command.kind) {
    case 'simple':
      return of([...command.assignments.map(({ value }) => value), ...command.words]);
    case 'for':
      return of(command.items);
    case 'case':
      return of([command.subject, ...command.arms.flatMap(({ patterns }) => patterns)]);
    case 'if':
    case 'loop':
    case 'group':
    case 'function':
      return redirects;
  }
}

export function bodiesOf(command: Command): readonly List[] {
  switch (command.kind) {
    case 'simple':
      return [];
    case 'if':
      return [
        ...command.branches.flatMap((branch) => [branch.condition, branch.body]),
        ...(command.otherwise === undefined ? [] : [command.otherwise]),
      ];
    case 'loop':
      return [command.condition, command.body];
    case 'for':
    case 'group':
      return [command.body];
    case 'case':
      return command.arms.map(({ body }) => body);
    case 'function':
      return [
        { items: [{ pipeline: { negated: false, elements: [command.body] }, operator: '' }] },
      ];
  }
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
export interface Variable {
  readonly value: string | undefined;
  /** Where it is not: the value with its unknown parts named, as a field has them. */
  readonly shape?: string;
  readonly sources: readonly number[];
}

export interface ExpansionContext {
  /** Gets the commands whose output is counted with. */
  readonly counted: (sources: readonly number[]) => void;
  readonly variable: (name: string) => Variable;
  /** Walks a substitution and gives the numbers of the commands in it. */
  readonly substitution: (part: WordPart & { kind: 'substitution' }) => readonly number[];
}

export function constantField(text: string): Field {
  return { text, constant: true, sources: [] };
}

const MAX_FIELD = 65_536;

class FieldBuilder {
  readonly fields: Field[] = [];
  private text = '';
  private constant = true;
  private sources: number[] = [];
  private begun = false;

  append(text: string, constant: boolean, sources: readonly number[]): void {
    if (this.text.length < MAX_FIELD) this.text += text;
    this.constant = this.constant && constant;
    this.sources.push(...sources);
    this.begun = true;
  }

  split(): void {
    if (this.begun)
      this.fields.push({ text: this.text, constant: this.constant, sources: this.sources });
    this.text = '';
    this.constant = true;
    this.sources = [];
    this.begun = false;
  }
}

function appendSplitting(builder: FieldBuilder, value: string, sources: readonly number[]): void {
  const pieces = value.split(/[ \t\n]+/);
  pieces.forEach((piece, index) => {
    if (index > 0) builder.split();
    if (piece !== '') builder.append(piece, true, sources);
  });
}

function argumentText(parts: readonly WordPart[], around: ExpansionContext): Field {
  return joined(parts, around);
}

function appendVariable(
  builder: FieldBuilder,
  part: WordPart & { kind: 'variable' },
  around: ExpansionContext,
): void {
  const argument = argumentText(part.argument, around);
  if (part.counts === true) around.counted(argument.sources);
  const { value: plain, shape, sources } = around.variable(part.name);
  const value = argument.constant ? applyOperator(part.operator, plain, argument.text) : undefined;
  if (value === undefined) {
    // The default is kept in the name, so that `$A` and `${A:-x}` do not pass for the same.
    const name = `\${${part.name}${part.operator}${argument.text}}`;
    builder.append(part.operator === '' ? (shape ?? name) : name, false, [
      ...sources,
      ...argument.sources,
    ]);
  } else if (part.quoted) builder.append(value, true, sources);
  else appendSplitting(builder, value, sources);
}

function appendPart(builder: FieldBuilder, part: WordPart, around: ExpansionContext): void {
  switch (part.kind) {
    case 'literal':
      builder.append(part.value, true, []);
      break;
    case 'variable':
      appendVariable(builder, part, around);
      break;
    case 'substitution':
      builder.append('$(...)', false, around.substitution(part));
      break;
    case 'opaque': {
      const { sources } = joined(part.parts, around);
      if (part.counts === true) around.counted(sources);
      builder.append(part.text, false, sources);
      break;
    }
  }
}

/** The fields that a word expands to; an unquoted variable may give several, or none. */
export function fieldsOf(word: Word, around: ExpansionContext): readonly Field[] {
  const builder = new FieldBuilder();
  for (const part of word.parts) appendPart(builder, part, around);
  builder.split();
  return builder.fields;
}

/** The word as one field, never split: values of assignments, here-documents, redirect targets. */
export function joined(parts: readonly WordPart[], around: ExpansionContext): Field {
  const builder = new FieldBuilder();
  for (const part of parts) {
    const whole =
      part.kind === 'literal' || part.kind === 'opaque' ? part : { ...part, quoted: true };
    appendPart(builder, whole, around);
  }
  builder.split();
  const [first, ...rest] = builder.fields;
  if (first === undefined) return constantField('');
  return {
    text: [first, ...rest].map((f) => f.text).join(' '),
    constant: [first, ...rest].every((f) => f.constant),
    sources: [first, ...rest].flatMap((f) => f.sources),
  };
}
