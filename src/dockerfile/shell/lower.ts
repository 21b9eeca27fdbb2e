import {
  type ArithmeticExpression,
  type ArrayValue,
  type HereDocBody,
  type ParameterExpansionPart,
  parse,
  type ParsedScript,
  type Redirection,
  type TestExpression,
  type Word as ParsedWord,
  type WordPart as ParsedPart,
} from 'unbash';
import type { List, Redirect, Span, Word, WordPart } from './syntax-tree.ts';

/** How to read the commands inside the substitutions of a word. */
export interface WordReader {
  /** A nested script's commands; its errors end reading. `at` where its text is not the file's. */
  readonly script: (script: ParsedScript | undefined, at: Span) => List;
  readonly fail: (message: string, offset: number) => never;
  /** Runs `read` one level deeper. */
  readonly nest: <T>(at: Span, read: () => T) => T;
  readonly place: (node: { readonly pos: number; readonly end: number }) => Span;
}

function literal(value: string): WordPart {
  return { kind: 'literal', value };
}

/** Literals that touch become one. */
function joined(parts: readonly WordPart[]): readonly WordPart[] {
  const whole: WordPart[] = [];
  for (const part of parts) {
    const last = whole.at(-1);
    if (last?.kind === 'literal' && part.kind === 'literal')
      whole[whole.length - 1] = { ...last, ...part, value: last.value + part.value };
    else whole.push(part);
  }
  return whole;
}

/** The parts of a word, quotes and escapes taken off. */
export function wordParts(
  word: ParsedWord | undefined,
  read: WordReader,
  quoted = false,
): readonly WordPart[] {
  if (word === undefined) return [];
  if (word.parts === undefined) return [literal(word.value)];
  return joined(word.parts.flatMap((part) => partsOf(part, read, quoted)));
}

/** Parts of text that a shell expands as in double quotes. */
function expandedParts(
  parts: readonly ParsedPart[],
  read: WordReader,
  quoted = true,
): readonly WordPart[] {
  return joined(parts.flatMap((part) => partsOf(part, read, quoted)));
}

function partsOf(part: ParsedPart, read: WordReader, quoted: boolean): readonly WordPart[] {
  const at = read.place(part);
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return [literal(part.value)];
    case 'Glob': {
      const inner = expandedParts(part.parts ?? [], read, quoted);
      if (inner.some(({ kind }) => kind !== 'literal')) return [opaque(part.text, inner)];
      return [{ kind: 'literal', value: part.value, pattern: true }];
    }
    case 'DoubleQuoted':
    case 'LocaleString':
      return [literal(''), ...expandedParts(part.parts, read)];
    case 'SimpleExpansion':
      return [variable(part.text.slice(1), quoted)];
    case 'ParameterExpansion':
      return [read.nest(at, () => parameter(part, read, quoted))];
    case 'CommandExpansion':
      return [
        { kind: 'substitution', quoted, process: undefined, body: read.script(part.script, at) },
      ];
    case 'ProcessSubstitution':
      return [
        {
          kind: 'substitution',
          quoted: true,
          process: part.operator,
          body: read.script(part.script, at),
        },
      ];
    case 'ArithmeticExpansion':
      return [
        counted(
          part.text,
          read.nest(at, () => arithmeticParts(part.expression, read)),
        ),
      ];
    case 'ExtendedGlob':
    case 'BraceExpansion':
      return [opaque(part.text, expandedParts(part.parts ?? [], read, quoted))];
  }
}

function opaque(text: string, parts: readonly WordPart[]): WordPart {
  return { kind: 'opaque', text, parts };
}

export function counted(text: string, parts: readonly WordPart[]): WordPart {
  return { kind: 'opaque', text, parts, counts: true };
}

/** A name, which arithmetic takes for the variable. */
function named(text: string): readonly WordPart[] {
  return /^[A-Za-z_]\w*$/.test(text) ? [variable(text, true)] : [];
}

function variable(name: string, quoted: boolean): WordPart {
  return { kind: 'variable', name, quoted, operator: '', argument: [] };
}

/** True for a word that can be read without its neighbors. */
function isWhole({ text }: ParsedWord): boolean {
  return parse(`: ${text}`).errors === undefined;
}

function parameter(part: ParameterExpansionPart, read: WordReader, quoted: boolean): WordPart {
  const { parameter: name, prefix, index, operation } = part;
  const of = (...words: readonly (ParsedWord | undefined)[]): readonly WordPart[] =>
    words.flatMap((word) => wordParts(word, read, quoted));
  const form = (operator: string, argument: readonly WordPart[]): WordPart => ({
    kind: 'variable',
    name,
    quoted,
    operator: prefix === undefined && index === undefined ? operator : 'other',
    argument: [...of(index), ...named(index?.text ?? ''), ...argument],
    ...(index !== undefined || operation?.type === 'Slice' ? { counts: true } : {}),
  });
  switch (operation?.type) {
    case undefined:
      return form('', []);
    case 'Default':
    case 'Remove':
      return form(operation.operator, of(operation.operand));
    case 'Replace': {
      const { operator, pattern, replacement } = operation;
      // The parser ends a pattern at a slash inside of a substitution.
      if (/\$\(|`|<\(/.test(part.text) && ![pattern, replacement].every(isWhole))
        return read.fail('a pattern that is not read', part.pos);
      const argument = joined([...of(pattern), literal('/'), ...of(replacement)]);
      return form(operator === '/' || operator === '//' ? operator : 'other', argument);
    }
    case 'Slice':
      return form('other', [
        ...of(operation.offset, operation.length),
        ...named(operation.offset.text),
        ...named(operation.length?.text ?? ''),
      ]);
    case 'CaseModification':
    case 'Transform':
      return form('other', of(operation.operand));
    case 'Names':
    case 'Unknown':
      return form('other', []);
  }
}

export function arithmeticParts(
  expression: ArithmeticExpression | undefined,
  read: WordReader,
): readonly WordPart[] {
  if (expression === undefined) return [];
  const of = (inner: ArithmeticExpression): readonly WordPart[] => arithmeticParts(inner, read);
  switch (expression.type) {
    case 'ArithmeticBinary':
      return [...of(expression.left), ...of(expression.right)];
    case 'ArithmeticUnary':
      return of(expression.operand);
    case 'ArithmeticTernary':
      return [expression.test, expression.consequent, expression.alternate].flatMap(of);
    case 'ArithmeticGroup':
      return of(expression.expression);
    case 'ArithmeticWord':
      return [...expandedParts(expression.parts ?? [], read), ...named(expression.value)];
    case 'ArithmeticCommandExpansion': {
      const body = read.script(expression.script, read.place(expression));
      return [{ kind: 'substitution', quoted: true, process: undefined, body }];
    }
  }
}

/** The value of `NAME=(...)`: never a constant. */
export function arrayParts(array: ArrayValue, read: WordReader): readonly WordPart[] {
  return [
    opaque(
      '(...)',
      array.elements.flatMap((word) => wordParts(word, read)),
    ),
  ];
}

export function wordOf(word: ParsedWord, read: WordReader): Word {
  return { text: word.text, parts: wordParts(word, read), ...read.place(word) };
}

/** A side of `[[ a -gt b ]]`, which is arithmetic. */
function countedWord(word: ParsedWord, read: WordReader): Word {
  const { text, parts, ...place } = wordOf(word, read);
  return { text, parts: [counted(text, [...parts, ...named(text)])], ...place };
}

export function bare(text: string, place: Span): Word {
  return { text, parts: [{ kind: 'literal', value: text }], ...place };
}

/** The words of `[[ ... ]]` in order, operators and parentheses as words of their own. */
export function testWords(node: TestExpression, read: WordReader): readonly Word[] {
  const place = read.place(node);
  const operator = (text: string): Word => bare(text, place);
  switch (node.type) {
    case 'TestUnary':
      return node.operator === ''
        ? [wordOf(node.operand, read)]
        : [operator(node.operator), wordOf(node.operand, read)];
    case 'TestBinary': {
      const of = /^-(?:eq|ne|[lg][et])$/.test(node.operator) ? countedWord : wordOf;
      return [of(node.left, read), operator(node.operator), of(node.right, read)];
    }
    case 'TestLogical':
      return node.operands.flatMap((operand, at) => [
        ...(at === 0 ? [] : [operator(node.operator)]),
        ...testWords(operand, read),
      ]);
    case 'TestNot':
      return [...node.negations.map(() => operator('!')), ...testWords(node.operand, read)];
    case 'TestGroup':
      return [operator('('), ...testWords(node.expression, read), operator(')')];
  }
}

export function isRedirection(node: { readonly type: string }): node is Redirection {
  return node.type === 'Redirect' || node.type === 'HereString' || node.type === 'HereDoc';
}

export function redirectsOf(nodes: readonly Redirection[], read: WordReader): readonly Redirect[] {
  return nodes.map((node) => redirectOf(node, read));
}

function redirectOf(node: Redirection, read: WordReader): Redirect {
  const place = read.place(node);
  const { operator } = node;
  const descriptor = node.descriptor?.type === 'FileDescriptor' ? node.descriptor.value : undefined;
  if (node.type !== 'HereDoc') {
    const { target } = node;
    if (target === undefined) return read.fail(`nothing behind ${operator}`, place.start);
    return { operator, descriptor, target: wordOf(target, read) };
  }
  const { body, closing, delimiter } = node;
  if (delimiter === undefined || closing === undefined)
    return read.fail('a here-document is not closed', place.start);
  const strips = operator === '<<-';
  const parts = delimiter.quoted
    ? [{ kind: 'literal' as const, value: body.text }]
    : documentParts(body, read);
  return {
    operator: '<<',
    descriptor,
    target: { text: '', parts: [], ...place },
    body: { text: body.text, parts: strips ? withoutTabs(parts) : parts, ...read.place(body) },
  };
}

function documentParts(body: HereDocBody, read: WordReader): readonly WordPart[] {
  if (body.parts !== undefined) return expandedParts(body.parts, read);
  return [{ kind: 'literal', value: body.text.replace(/\\([$`\\])|\\\n/g, '$1') }];
}

/** The tabs that `<<-` takes off the lines. */
function withoutTabs(parts: readonly WordPart[]): readonly WordPart[] {
  return parts.map((part, at) =>
    part.kind === 'literal'
      ? { ...part, value: part.value.replace(at === 0 ? /^\t+/gm : /(?<=\n)\t+/g, '') }
      : part,
  );
}
