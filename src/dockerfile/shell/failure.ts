import type { Command, List, Pipeline } from './syntax-tree.ts';

/** What a failing command does to the RUN: `undefined` where it stops it, else why it does not. */
export type Ignored = string | undefined;

export const IGNORED = {
  background: 'it runs in the background, so its failure is not seen',
  recovered: 'what follows || lets the build go on',
  separator: 'what follows ; runs all the same (no set -e)',
  list: 'set -e does not stop at a failure before &&, and a later ; lets the build go on',
  pipe: 'a pipe swallows its failure (no pipefail)',
  negated: 'its failure counts as success',
  condition: 'its result only chooses a branch',
  argument: 'its failure is lost in a command substitution',
} as const;

/** The simple command that a pipeline is, where it is one. */
function simpleOf(pipeline: Pipeline): readonly string[] | undefined {
  const [only, ...others] = pipeline.elements;
  if (only?.kind !== 'simple' || others.length > 0) return undefined;
  return only.words.map((word) => word.text);
}

/** True where the list surely ends the script (or function) with a failure: `exit 1`, `return 1`, `false`. */
export function endsFailing(list: List): boolean {
  return list.items.some(({ pipeline, operator }, index) => {
    const last = index === list.items.length - 1;
    return (operator === ';' || operator === '' || last) && pipelineEndsFailing(pipeline, last);
  });
}

export function pipelineEndsFailing(pipeline: Pipeline, last = true): boolean {
  const words = simpleOf(pipeline);
  if (words !== undefined) {
    const [program, code] = words;
    if (program === 'exit' || program === 'return') return code !== '0';
    return program === 'false' && last;
  }
  const [only] = pipeline.elements;
  return only?.kind === 'group' && endsFailing(only.body);
}

/** Why a failure of item `at` does not stop the script; `outer` is what a failure of the whole list does. */
export function failureInList(list: List, at: number, errexit: boolean, outer: Ignored): Ignored {
  const { items } = list;
  let end = at;
  for (; end < items.length; end += 1) {
    const operator = items[end]?.operator;
    if (operator === '&') return IGNORED.background;
    if (operator === '||') {
      const next = items[end + 1];
      if (next === undefined) return outer;
      return pipelineEndsFailing(next.pipeline) ? undefined : IGNORED.recovered;
    }
    if (operator !== '&&') break;
  }
  if (end >= items.length - 1) return outer;
  if (!errexit) return IGNORED.separator;
  return end === at ? undefined : IGNORED.list;
}

export function isNegated(condition: List): boolean {
  return condition.items.at(-1)?.pipeline.negated === true;
}

/** True where success of item `at` ends the script with a failure: `[ a != b ] && exit 1`. */
export function endsOnSuccess(list: List, at: number): boolean {
  const next = list.items[at + 1];
  return (
    list.items[at]?.operator === '&&' && next !== undefined && pipelineEndsFailing(next.pipeline)
  );
}

/** Why a failure in the condition of `if` does not stop the script. */
export function failureInCondition(
  condition: List,
  body: List,
  otherwise: List | undefined,
): Ignored {
  const taken = isNegated(condition) ? body : otherwise;
  return taken !== undefined && endsFailing(taken) ? undefined : IGNORED.condition;
}

/** True where a later command of its list may not run because this one is a test, or runs only when one failed. */
export function isConditional(list: List, at: number): boolean {
  const { items } = list;
  let start = at;
  while (start > 0 && /^(?:&&|\|\|)$/.test(items[start - 1]?.operator ?? '')) start -= 1;
  for (let index = start; index < items.length; index += 1) {
    const operator = items[index]?.operator;
    if (operator === '||') return true;
    const first = items[index]?.pipeline.elements[0];
    if (index < at && first !== undefined && isTest(first)) return true;
    if (operator !== '&&') break;
  }
  return false;
}

/** True where a test before it may pass item `at` over and the script goes on: `[ -n "$SUM" ] && ...;`, `[ -z "$SUM" ] || ...`. */
export function mayBeSkipped(list: List, at: number, errexit: boolean, outer: Ignored): boolean {
  const { items } = list;
  if (items[at - 1]?.operator === '||') return isGuard(items[at - 1]?.pipeline);
  for (let index = at - 1; index >= 0 && items[index]?.operator === '&&'; index -= 1)
    if (isGuard(items[index]?.pipeline) && failureInList(list, index, errexit, outer) !== undefined)
      return true;
  return false;
}

function isGuard(pipeline: Pipeline | undefined): boolean {
  const program = pipeline === undefined ? undefined : simpleOf(pipeline)?.[0];
  return ['[', '[[', 'test', 'true', 'false'].includes(program ?? '');
}

function isTest(command: Command): boolean {
  const text = command.kind === 'simple' ? command.words[0]?.text : undefined;
  return text === '[' || text === 'test' || text === 'command' || text === 'which';
}
