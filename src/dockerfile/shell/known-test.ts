import type { Field } from './fields.ts';
import type { List, Pipeline } from './syntax-tree.ts';

/** The result of `[ ... ]` or `test ...` with known words; else undefined, as for file tests. */
function testResult(argv: readonly Field[] | undefined): boolean | undefined {
  const [program, ...rest] = argv ?? [];
  const name = program?.text ?? '';
  if (!['[', '[[', 'test'].includes(name)) return undefined;
  const words = name === 'test' ? rest : rest.slice(0, -1);
  const [first, second, third, ...more] = words;
  if (first === undefined || more.length > 0 || !words.every((word) => word.constant))
    return undefined;
  if (second === undefined) return first.text !== '';
  if (third === undefined) {
    if (first.text === '-n') return second.text !== '';
    return first.text === '-z' ? second.text === '' : undefined;
  }
  if (second.text === '=' || second.text === '==') return first.text === third.text;
  return second.text === '!=' ? first.text !== third.text : undefined;
}

/** True where the condition is one such test that always holds; `argv`: the last traced command. */
export function surelyHolds(condition: List, argv: readonly Field[] | undefined): boolean {
  const [only, ...others] = condition.items;
  return others.length === 0 && only !== undefined && answer(only.pipeline, argv) === true;
}

/** True where an item of a list is one such test, and what stands behind it runs in any case. */
export function leadsOn(item: List['items'][number], argv: readonly Field[] | undefined): boolean {
  const result = answer(item.pipeline, argv);
  return result !== undefined && result === (item.operator === '&&');
}

function answer(pipeline: Pipeline, argv: readonly Field[] | undefined): boolean | undefined {
  const [only, ...others] = pipeline.elements;
  if (only?.kind !== 'simple' || others.length > 0) return undefined;
  const result = testResult(argv);
  return result === undefined ? undefined : result !== pipeline.negated;
}
