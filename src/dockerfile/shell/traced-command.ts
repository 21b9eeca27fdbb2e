import type { SourceRange } from '../../model/dockerfile.ts';
import type { Arm } from './arms.ts';
import { IGNORED, type Ignored, type Surrounding } from './failure.ts';
import { type Field, type Surroundings, joined } from './fields.ts';
import { pathIn, type ShellState } from './shell-state.ts';
import type { List, Redirect, Span } from './syntax-tree.ts';

/** One command that a script may run, in the order of running, functions and loops followed. */
export interface TracedCommand {
  /** Unique in one trace. */
  readonly id: number;
  /** Wrappers (`sudo`, `env`) taken off. */
  readonly argv: readonly Field[];
  readonly range: SourceRange;
  /** As written, on one line. */
  readonly text: string;
  readonly ignored: Ignored;
  /** Its success ends the RUN with a failure: `if [ a != b ]; then exit 1; fi`. */
  readonly stopsOnSuccess: boolean;
  /** Commands whose output it reads through a pipe, nearest last. */
  readonly pipedFrom: readonly number[];
  /** Where it does not run in any case: the arms it stands in, the outermost first. */
  readonly within: readonly Arm[];
  /** Where it is the condition of an `if`: the arm that its success leads to. */
  readonly leadsTo: Arm | undefined;
  /** Here-document or here-string on its input. */
  readonly input?: Field;
  readonly readsFrom: readonly string[];
  readonly writesTo: readonly string[];
  /** It runs text of its own (`sh -c`, `eval`), which was followed. */
  readonly script?: Field;
  readonly folder: string;
  readonly variable: (name: string) => string | undefined;
}

export interface Script {
  readonly list: List;
  readonly text: string;
  readonly rangeOf: (start: number, end: number) => SourceRange;
}

/** Shared by all traces of a file, so that hostile loops end. */
export interface TraceBudget {
  commands: number;
  nextId: number;
}

/** What holds around a command while a script is followed. */
export interface TraceContext {
  readonly ignored: Ignored;
  readonly stopsOnSuccess?: boolean;
  /** errexit does not hold here: a condition, or before && and ||. */
  readonly guarded: boolean;
  readonly depth: number;
  readonly pipedFrom: readonly number[];
  readonly within: readonly Arm[];
  readonly leadsTo?: Arm | undefined;
  /** `exit` ends no more than a subshell: parentheses, a pipe, a substitution, `sh -c`. */
  readonly inSubshell?: boolean;
  /** Where the text that runs is not that of the file (`sh -c`): the range of what runs it. */
  readonly at?: { readonly range: SourceRange; readonly text: string };
}

/** The same, one command further in. */
export function deeper(context: TraceContext): TraceContext {
  return { ...context, depth: context.depth + 1 };
}

/** In the condition of a loop, which only chooses whether there is another round. */
export function conditional(context: TraceContext): TraceContext {
  return { ...context, ignored: context.ignored ?? IGNORED.condition, guarded: true };
}

/** What a failure meets here. */
export function surroundingOf(
  { errexit }: Pick<ShellState, 'errexit'>,
  { guarded, ignored, inSubshell = false }: TraceContext,
): Surrounding {
  return { errexit: errexit && !guarded, outer: ignored, inSubshell };
}

/** In all rounds of a loop but the last, a failure is seen by `set -e` alone. */
export function inRound(
  state: Pick<ShellState, 'errexit'>,
  context: TraceContext,
  isLast: boolean,
): TraceContext {
  if (isLast || surroundingOf(state, context).errexit) return context;
  return { ...context, ignored: context.ignored ?? IGNORED.separator };
}

/** Range and text of a command in its script. */
export function placeOf(script: Script, span: Span): { range: SourceRange; text: string } {
  return {
    range: script.rangeOf(span.start, span.end),
    text: oneLine(script.text.slice(span.start, span.end)),
  };
}

/** What a command's redirects join to its input and output. */
export function redirected(
  redirects: readonly Redirect[],
  folder: string,
  around: Surroundings,
): Pick<TracedCommand, 'readsFrom' | 'writesTo'> & { input?: Field } {
  const files = (operators: readonly string[]): string[] =>
    redirects
      .filter((r) => operators.includes(r.operator))
      .map((r) => pathIn(folder, joined(r.target.parts, around).text));
  const document = redirects.find((r) => r.operator === '<<' || r.operator === '<<<');
  const input = document && joined((document.body ?? document.target).parts, around);
  return {
    ...(input === undefined ? {} : { input }),
    readsFrom: files(['<', '<>']),
    writesTo: files(['>', '>>', '>|', '&>', '&>>']),
  };
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 400 ? `${line.slice(0, 399)}…` : line;
}
