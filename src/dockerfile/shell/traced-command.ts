import type { SourceRange } from '../../model/dockerfile.ts';
import { type Branch, forkOf, inBranch } from './branches.ts';
import { IGNORED, type Ignored, type Surrounding } from './failure.ts';
import { type Field, type ExpansionContext, type Variable, joined } from './fields.ts';
import type { Brought } from './interpreters.ts';
import { pathIn, type ShellState } from './shell-state.ts';
import type { Streams } from './streams.ts';
import type { List, Redirect, Span } from './syntax-tree.ts';

/** One command that a script may run, in the order of running, functions and loops followed. */
export interface TracedCommand extends Streams {
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
  /** What it reads through the pipe, where that is known. */
  readonly piped?: Field;
  /** Where it does not run in any case: the branches it stands in, the outermost first. */
  readonly within: readonly Branch[];
  /** Where it is the condition of an `if`: the branch that its success leads to. */
  readonly leadsTo: Branch | undefined;
  /** It runs text of its own (`sh -c`, `eval`), which was followed. */
  readonly script?: Field;
  readonly folder: string;
  /** PATH as far as known, with a `$` for unknown parts; undefined where it is the base image's. */
  readonly programPath: string | undefined;
  /** Value of a variable at the command's own place. */
  readonly variable: (name: string) => string | undefined;
  /** The variables that were set before it, the value undefined where it is not known. */
  readonly variables: () => ReadonlyMap<string, string | undefined>;
}

/** What holds outside of a script: ENV, ARG, and what is known of the base image. */
export interface OuterScope {
  readonly variable: (name: string) => Variable;
  /** Those that are set for sure. */
  readonly names: readonly string[];
}

/** Shell text in a file that a command runs. */
export interface FileScript {
  readonly text: Field;
  readonly errexit: boolean;
  readonly pipefail: boolean;
  readonly bash: boolean;
  readonly positional: readonly Field[];
  /** It runs in the shell that names it (`. FILE`), whose state it changes. */
  readonly inShell: boolean;
}

/** The files of a stage, as far as a trace asks and tells of them. */
export interface TracedFiles {
  /** Shell text that a command runs from a file, by the shell's `path`; undefined if unknown. */
  readonly script: (
    command: Pick<TracedCommand, 'id' | 'argv' | 'folder' | 'readsFrom'>,
    path: string | undefined,
  ) => FileScript | undefined;
  /** Whether the build itself put a file at a path before command number `at`. */
  readonly brought: (path: string, at: number) => ReturnType<Brought>;
  /** Is given each command once it has run. */
  readonly ran: (command: TracedCommand) => void;
}

export interface Script {
  readonly list: List;
  readonly text: string;
  readonly rangeOf: (start: number, end: number) => SourceRange;
}

/** Shared by all traces of a file, so that hostile loops end. */
export interface TraceBudget {
  commands: number;
  /** Of scripts in words (`sh -c`, `eval`). */
  characters: number;
  nextId: number;
  /** Scripts that were not followed, with the reason. */
  readonly unread: { readonly range: SourceRange; readonly reason: string }[];
}

/** What holds around a command while a script is followed. */
export interface TraceContext {
  readonly ignored: Ignored;
  readonly stopsOnSuccess?: boolean;
  /** errexit does not hold here: a condition, or before && and ||. */
  readonly guarded: boolean;
  readonly depth: number;
  readonly pipedFrom: readonly number[];
  readonly piped?: Field | undefined;
  /** What redirects of compound commands join to what runs inside. */
  readonly streams: Streams;
  readonly within: readonly Branch[];
  readonly leadsTo?: Branch | undefined;
  /** `return` ends a function. */
  readonly inFunction?: boolean;
  /** What a failure does that ends the subshell or function: undefined where it ends the RUN. */
  readonly exitFails?: Ignored;
  readonly returnFails?: Ignored;
  /** How many of the places where the script may have been left `within` holds. */
  readonly seen?: number;
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
  { errexit, functions }: Pick<ShellState, 'errexit' | 'functions'>,
  { guarded, ignored, inSubshell = false, inFunction = false }: TraceContext,
): Surrounding {
  return { errexit: errexit && !guarded, outer: ignored, inSubshell, inFunction, functions };
}

/** Where commands may not run at all. */
export function skippable(context: TraceContext, state: ShellState): TraceContext {
  return inBranch(context, forkOf([], surroundingOf(state, context), 2), 0);
}

/** The same, after the places where the script may have been left. */
export function whereReached(context: TraceContext, { reached }: ShellState): TraceContext {
  const { seen = 0, within } = context;
  if (reached.length <= seen) return context;
  const branches = reached.slice(seen).map(({ branch }) => branch);
  return { ...context, within: [...within, ...branches], seen: reached.length };
}

/** In a subshell, whose failure does what that of the command it stands for does. */
export function inSubshell<T extends TraceContext>(context: T): T {
  return { ...context, inSubshell: true, exitFails: context.ignored };
}

/** In all rounds of a loop but the last, a failure is seen by `set -e` alone. */
export function inRound(
  state: Pick<ShellState, 'errexit' | 'functions'>,
  context: TraceContext,
  isLast: boolean,
): TraceContext {
  if (isLast || surroundingOf(state, context).errexit) return context;
  return { ...context, ignored: context.ignored ?? IGNORED.separator };
}

/** What a command has of where it stands. */
export function tracedIn({
  ignored,
  stopsOnSuccess,
  pipedFrom,
  within,
  leadsTo,
}: TraceContext): Pick<
  TracedCommand,
  'ignored' | 'stopsOnSuccess' | 'pipedFrom' | 'within' | 'leadsTo'
> {
  return { ignored, stopsOnSuccess: stopsOnSuccess === true, pipedFrom, within, leadsTo };
}

/** Range and text of a command in its script. */
export function placeOf(script: Script, span: Span): { range: SourceRange; text: string } {
  return {
    range: script.rangeOf(span.start, span.end),
    text: oneLine(script.text.slice(span.start, span.end)),
  };
}

/** What redirects connect to input and output. Expands every target, even of other descriptors. */
export function redirected(
  redirects: readonly Redirect[],
  folder: string,
  around: ExpansionContext,
): Streams {
  let input: Field | undefined;
  let stdin: readonly string[] = [];
  const sockets: string[] = [];
  const writesTo: string[] = [];
  for (const {
    operator,
    descriptor = operator.startsWith('<') ? 0 : 1,
    target,
    body,
  } of redirects) {
    const field = joined((body ?? target).parts, around);
    const path = pathIn(folder, field.text);
    if (operator.startsWith('<') && descriptor !== 0) {
      if (/^\/dev\/(?:tcp|udp)\//.test(path)) sockets.push(path);
    } else if (operator === '<<' || operator === '<<<') [input, stdin] = [field, []];
    else if (operator.startsWith('<') && !(operator === '<&' && /^(?:0|-)$/.test(field.text)))
      // Of several for one input the last counts.
      [input, stdin] = [undefined, [operator === '<&' ? `/dev/fd/${field.text}` : path]];
    else if (descriptor !== 2 && operator.includes('>') && !/^(?:\d+-?|-)$/.test(field.text))
      writesTo.push(path);
  }
  const readsFrom = [...stdin, ...sockets];
  return { readsFrom, writesTo, ...(input === undefined ? {} : { input }) };
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 400 ? `${line.slice(0, 399)}…` : line;
}
