import { simpleOf, testsStatus } from './status-tests.ts';
import type { Command, List, Pipeline } from './syntax-tree.ts';
import { bodiesOf } from './walk-tree.ts';

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
  trapped: 'a trap may end the RUN with success',
  replaced: 'its program may have been replaced',
  unrun: 'the shell only reads it (-n)',
  dialect: 'not every sh reads this line as bash does',
  unreached: 'the RUN may have ended before it',
  argument: 'its failure is lost in a command substitution',
} as const;

/** What surroundings make of a failure. */
export interface Surrounding {
  /** `set -e` holds. */
  readonly errexit: boolean;
  /** What a failure of the whole list does. */
  readonly outer: Ignored;
  /** `exit` ends but a subshell. */
  readonly inSubshell: boolean;
  /** `return` ends a function. */
  readonly inFunction: boolean;
  /** Functions by name, as far as they are known. */
  readonly functions: ReadonlyMap<string, Command>;
}

/** `exit` ends the script or subshell, `return` the function; `false` is a failure as any other. */
type Ending = 'exit' | 'return' | 'false';

const LEAVES = /^(?:exit|return|exec|break|continue|eval|\.|source|trap|kill)$/;
const MAX_CALLS = 8;

/** True where a list may be left before its end. */
function mayLeave(list: List, depth = 0): boolean {
  if (depth > MAX_CALLS) return true;
  return list.items.some(({ pipeline }) =>
    pipeline.elements.some(
      (command) =>
        (command.kind === 'simple' && LEAVES.test(command.words[0]?.text ?? '')) ||
        bodiesOf(command).some((body) => mayLeave(body, depth + 1)),
    ),
  );
}

/** True where `exit CODE` surely ends with a failure; `failed` where the command before it did. */
function isFailing(words: readonly string[], failed: boolean): boolean {
  const [, code, ...more] = words;
  if (code === undefined || (code === '$?' && more.length === 0)) return failed;
  return more.length === 0 && /^\d{1,9}$/.test(code) && Number(code) % 256 !== 0;
}

/** How a pipeline surely fails, else undefined; `failed` where the command before it failed. */
function endingOf(
  pipeline: Pipeline,
  around: Surrounding,
  failed: boolean,
  depth = 0,
): Ending | undefined {
  if (pipeline.negated || depth > MAX_CALLS) return undefined;
  const words = simpleOf(pipeline);
  const called = around.functions.get(words?.[0] ?? '');
  if (called !== undefined) {
    const inside = { ...around, inFunction: true };
    const body = { negated: false, elements: [called] };
    const ending = endingOf(body, inside, failed, depth + 1);
    return ending === 'return' ? 'false' : ending;
  }
  if (words !== undefined) {
    const [program] = words;
    if (program === 'exit' || (program === 'return' && around.inFunction))
      return isFailing(words, failed) ? program : undefined;
    return program === 'false' ? program : undefined;
  }
  const [only, ...others] = pipeline.elements;
  if (only?.kind !== 'group' || others.length > 0) return undefined;
  const ending = endingOfList(only.body, around, failed, depth + 1);
  return only.subshell && ending !== undefined ? 'false' : ending;
}

/** How a list surely ends where it ends with a failure. */
function endingOfList(
  list: List,
  around: Surrounding,
  failed: boolean,
  depth = 0,
): Ending | undefined {
  for (const [at, item] of list.items.entries()) {
    const before = list.items[at - 1]?.operator ?? ';';
    const isFirst = before === ';' || before === '&';
    if (item.operator === '&') continue;
    const ending = isFirst ? endingOf(item.pipeline, around, failed && at === 0, depth) : undefined;
    if (ending === 'exit' || ending === 'return') return ending;
    const isLast = at === list.items.length - 1;
    if (isLast && (isFirst || chained(list, at)))
      return endingOf(item.pipeline, around, false, depth) === undefined ? undefined : 'false';
    if (mayLeave({ items: [item] })) return undefined;
  }
  return undefined;
}

/** True where only `&&` comes before an item in its chain, so that its failure fails the chain. */
function chained({ items }: List, at: number): boolean {
  for (let index = at - 1; index >= 0; index -= 1) {
    const operator = items[index]?.operator;
    if (operator === '||') return false;
    if (operator !== '&&') return true;
  }
  return true;
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
      const ending = endingOf(next.pipeline, around, true);
      if (ending === undefined) return IGNORED.recovered;
      if (ending !== 'false') return ended(ending, around);
      failing = end + 1;
    } else if (operator !== '&&') break;
  }
  if (end >= items.length - 1) return around.outer;
  // set -e passes over a pipeline that is negated.
  if (!around.errexit || items[failing]?.pipeline.negated === true)
    return failing === end && asksStatus(list, end + 1, around) ? undefined : IGNORED.separator;
  return end === failing ? undefined : IGNORED.list;
}

/** True where item `at` asks whether the command before it failed, and ends the script if so. */
function asksStatus(list: List, at: number, around: Surrounding): boolean {
  const pipeline = list.items[at]?.pipeline;
  if (pipeline === undefined) return false;
  const [only, ...others] = pipeline.elements;
  if (only?.kind === 'if' && others.length === 0 && !pipeline.negated) {
    const [first] = only.branches;
    const [condition, ...more] = first?.condition.items ?? [];
    const holds = more.length === 0 && condition && testsStatus(condition.pipeline);
    return first !== undefined && holds === true && endsScript(first.body, around);
  }
  const holds = testsStatus(pipeline);
  if (holds === undefined) return false;
  return holds ? endsOnSuccess(list, at, around) : failureInList(list, at, around) === undefined;
}

/** True where success of item `at` ends the script with a failure: `[ a != b ] && exit 1`. */
export function endsOnSuccess(list: List, at: number, around: Surrounding): boolean {
  const next = list.items[at + 1];
  if (list.items[at]?.operator !== '&&' || next === undefined) return false;
  const ending = endingOf(next.pipeline, around, false);
  if (ending === undefined) return false;
  return (
    (ending === 'false' ? failureInList(list, at + 1, around) : ended(ending, around)) === undefined
  );
}

/** Why an `if` list that fails does not stop the script; `outer` is what a failed `if` does. */
function failureOfBranch(list: List | undefined, around: Surrounding, failed = false): Ignored {
  const ending = list === undefined ? undefined : endingOfList(list, around, failed);
  if (ending === undefined) return IGNORED.condition;
  if (ending !== 'false') return ended(ending, around);
  return around.errexit ? undefined : around.outer;
}

/** True where a script that goes this way surely ends with a failure. */
export function endsScript(list: List, around: Surrounding): boolean {
  return failureOfBranch(list, around) === undefined;
}

/** Why an `if` condition that fails, so that `otherwise` runs, does not stop the script. */
export function failureInCondition(otherwise: List | undefined, around: Surrounding): Ignored {
  return failureOfBranch(otherwise, around, true);
}

/** True where a test before item `at` in its chain decides if it runs, or the chain has `||`. */
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
 * True where what stands before item `at` may pass it over and the script goes on: `[ -n "$SUM" ]
 * && ...;`, `[ -z "$SUM" ] || ...`; `leadOn` are the items before that surely do not.
 */
export function mayBeSkipped(
  list: List,
  at: number,
  around: Surrounding,
  leadOn: readonly boolean[],
): boolean {
  const { items } = list;
  if (items[at - 1]?.operator === '||') return leadOn[at - 1] !== true;
  for (let index = at - 1; index >= 0; index -= 1) {
    if (items[index]?.operator !== '&&') return false;
    if (leadOn[index] !== true && failureInList(list, index, around) !== undefined) return true;
  }
  return false;
}

function isTest(command: Command): boolean {
  const text = command.kind === 'simple' ? command.words[0]?.text : undefined;
  return text === '[' || text === 'test' || text === 'command' || text === 'which';
}
