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
  trap: 'it runs in a trap',
  argument: 'its failure is lost in a command substitution',
} as const;

/** The simple command that a pipeline is, where it is one. */
function simpleOf(pipeline: Pipeline): readonly string[] | undefined {
  const [only, ...others] = pipeline.elements;
  if (only?.kind !== 'simple' || others.length > 0) return undefined;
  return only.words.map((word) => word.text);
}

/** What surroundings make of a failure: `set -e` holds, what a failure of the whole list does, and whether `exit` ends but a subshell. */
export interface Surrounding {
  readonly errexit: boolean;
  readonly outer: Ignored;
  readonly inSubshell: boolean;
}

/** `exit` ends the script or subshell, `return` the function; `false` is a failure as any other. */
type Ending = 'exit' | 'return' | 'false';

function endingOf(pipeline: Pipeline): Ending | undefined {
  const words = simpleOf(pipeline);
  if (words !== undefined) {
    const [program, code] = words;
    if (program === 'exit' || program === 'return') return code === '0' ? undefined : program;
    return program === 'false' ? program : undefined;
  }
  const [only, ...others] = pipeline.elements;
  if (only?.kind !== 'group' || others.length > 0) return undefined;
  const ending = endingOfList(only.body);
  return only.subshell && ending !== undefined ? 'false' : ending;
}

/** How a list surely ends where it ends with a failure. */
function endingOfList(list: List): Ending | undefined {
  const always = list.items.filter(
    ({ operator }, index) => operator === ';' || operator === '' || index === list.items.length - 1,
  );
  for (const { pipeline } of always) {
    const ending = endingOf(pipeline);
    if (ending === 'exit' || ending === 'return') return ending;
  }
  const last = list.items.at(-1);
  return last === undefined ? undefined : endingOf(last.pipeline);
}

/** What a failure that is an `exit` or `return` does. */
function ended(ending: 'exit' | 'return', { outer, inSubshell }: Surrounding): Ignored {
  return ending === 'exit' && !inSubshell ? undefined : outer;
}

/** Why a failure of item `at` does not stop the script. */
export function failureInList(list: List, at: number, around: Surrounding): Ignored {
  const { items } = list;
  let failing = at;
  let end = at;
  for (; end < items.length; end += 1) {
    const operator = items[end]?.operator;
    if (operator === '&') return IGNORED.background;
    if (operator === '||') {
      const next = items[end + 1];
      if (next === undefined) return around.outer;
      const ending = endingOf(next.pipeline);
      if (ending === undefined) return IGNORED.recovered;
      if (ending !== 'false') return ended(ending, around);
      failing = end + 1;
    } else if (operator !== '&&') break;
  }
  if (end >= items.length - 1) return around.outer;
  if (!around.errexit) return IGNORED.separator;
  return end === failing ? undefined : IGNORED.list;
}

function isNegated(condition: List): boolean {
  return condition.items.at(-1)?.pipeline.negated === true;
}

/** True where success of item `at` ends the script with a failure: `[ a != b ] && exit 1`. */
export function endsOnSuccess(list: List, at: number, around: Surrounding): boolean {
  const next = list.items[at + 1];
  if (list.items[at]?.operator !== '&&' || next === undefined) return false;
  const ending = endingOf(next.pipeline);
  if (ending === undefined) return false;
  return (
    (ending === 'false' ? failureInList(list, at + 1, around) : ended(ending, around)) === undefined
  );
}

/** Why a list of an `if` that ends with a failure does not stop the script; `outer` is what a failure of the `if` does. */
function failureOfBranch(list: List | undefined, around: Surrounding): Ignored {
  const ending = list === undefined ? undefined : endingOfList(list);
  if (ending === undefined) return IGNORED.condition;
  if (ending !== 'false') return ended(ending, around);
  return around.errexit ? undefined : around.outer;
}

/** True where a script that goes this way surely ends with a failure. */
export function endsScript(list: List, around: Surrounding): boolean {
  return failureOfBranch(list, around) === undefined;
}

/** Why a failure in the condition of `if` does not stop the script. */
export function failureInCondition(
  condition: List,
  body: List,
  otherwise: List | undefined,
  around: Surrounding,
): Ignored {
  return failureOfBranch(isNegated(condition) ? body : otherwise, around);
}

/** True where the success of a condition stops the script. */
export function stopsOnCondition(condition: List, body: List, around: Surrounding): boolean {
  return !isNegated(condition) && failureOfBranch(body, around) === undefined;
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

/**
 * True where a test before it may pass item `at` over and the script goes on: `[ -n "$SUM" ] && ...;`, `[ -z "$SUM" ] || ...`; `leadOn` are
 * the items before that surely do not.
 */
export function mayBeSkipped(
  list: List,
  at: number,
  around: Surrounding,
  leadOn: readonly boolean[],
): boolean {
  const { items } = list;
  if (items[at - 1]?.operator === '||')
    return leadOn[at - 1] !== true && isGuard(items[at - 1]?.pipeline);
  for (let index = at - 1; index >= 0 && items[index]?.operator === '&&'; index -= 1)
    if (
      leadOn[index] !== true &&
      isGuard(items[index]?.pipeline) &&
      failureInList(list, index, around) !== undefined
    )
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
