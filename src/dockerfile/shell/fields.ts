import { applyOperator } from '../substitute.ts';
import type { Word, WordPart } from './syntax-tree.ts';

/**
 * A word as a command gets it. `text` has every known value put in and names the rest (`${NAME}`,
 * `$(...)`), so that two words that hold the same unknown compare equal; `constant` where nothing
 * is unknown.
 */
export interface Field {
  readonly text: string;
  readonly constant: boolean;
  /** Commands whose output flows into it, by number. */
  readonly sources: readonly number[];
}

/** What a variable holds where that is known, and the commands that its value comes from. */
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
