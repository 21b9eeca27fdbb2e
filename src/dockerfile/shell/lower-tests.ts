import type { TestExpression } from 'unbash';
import { countedWord, type WordReader, wordOf } from './lower-words.ts';
import type { Span, Word } from './syntax-tree.ts';

/** A word that is text as it stands. */
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
