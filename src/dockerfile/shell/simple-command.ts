import { inArm, forkOf } from './arms.ts';
import { isSpecialBuiltin, runBuiltin } from './builtins.ts';
import { IGNORED, type Ignored } from './failure.ts';
import {
  type Field,
  type Surroundings,
  type Variable,
  fieldsOf,
  joined,
  variableOf,
} from './fields.ts';
import { parseShell } from './parse-shell.ts';
import { type ShellState, assign, forked, lookUp } from './shell-state.ts';
import type { Command, List, Simple } from './syntax-tree.ts';
import {
  type Script,
  type TraceBudget,
  type TraceContext,
  type TracedCommand,
  deeper,
  placeOf,
  redirected,
  streamsIn,
  surroundingOf,
} from './traced-command.ts';
import { scriptOnInput, type Unwrapped, unwrap } from './wrappers.ts';

type Expanding = Surroundings & { readonly written: (from: readonly number[]) => void };

/** What following a simple command needs of the tracer. */
export interface Following {
  readonly commands: TracedCommand[];
  readonly budget: TraceBudget;
  readonly script: Script;
  readonly outer: (name: string) => Variable;
  readonly around: (state: ShellState, context: TraceContext, ignored: Ignored) => Expanding;
  readonly command: (command: Command, state: ShellState, context: TraceContext) => void;
  readonly list: (list: List, state: ShellState, context: TraceContext) => void;
}

/** Follows simple commands: assignments, builtins, calls of functions, programs and the scripts that they run. */
export class SimpleCommands {
  readonly outer: (name: string) => Variable;
  private readonly follow: Following;

  constructor(follow: Following) {
    this.follow = follow;
    this.outer = follow.outer;
  }

  run(command: Simple, state: ShellState, context: TraceContext): void {
    const bare = command.words.length === 0;
    const around = this.follow.around(state, context, bare ? undefined : IGNORED.argument);
    const argv = command.words.flatMap((word) => fieldsOf(word, around));
    const scope = bare || isSpecialBuiltin(argv) ? state : forked(state);
    for (const { name, value, append } of command.assignments) {
      const field = joined(value.parts, around);
      const unknown = { ...field, constant: false, text: '' };
      scope.variables.set(name, variableOf(append ? unknown : field));
    }
    const streams = streamsIn(context.streams, redirected(command.redirects, state.folder, around));
    const inner = { ...context, streams };
    const before = this.follow.commands.length;
    if (argv.length > 0) this.start(command, argv, scope, state, inner);
    around.written(this.follow.commands.slice(before).map(({ id }) => id));
  }

  private start(
    command: Simple,
    argv: readonly Field[],
    scope: ShellState,
    state: ShellState,
    context: TraceContext,
  ): void {
    const unwrapped = unwrap(argv);
    const [first, ...rest] = unwrapped.argv;
    if (first?.text === 'trap' && first.constant) this.trap(command, rest, state, context);
    if (runBuiltin(unwrapped.argv, state)) return;
    const called = state.functions.get(first?.text ?? '');
    if (called === undefined) {
      this.emit(command, unwrapped, scope, context);
      return;
    }
    const own = { ...forked(scope), positional: rest };
    this.follow.command(called, own, context);
    state.variables = own.variables;
  }

  /** `trap 'text' EXIT`: the text may run from here on. */
  private trap(
    command: Simple,
    words: readonly Field[],
    state: ShellState,
    context: TraceContext,
  ): void {
    const [text] = words.filter(({ text: word }) => word !== '--');
    if (text === undefined || ['', '-'].includes(text.text) || words.length < 2) return;
    const at = context.at ?? placeOf(this.follow.script, command);
    const where = inArm(context, forkOf([], surroundingOf(state, context), 2), 0);
    const script = { text, errexit: state.errexit, pipefail: state.pipefail };
    this.text(script, forked(state), { ...where, at, ignored: IGNORED.trap });
  }

  private emit(
    command: Simple,
    unwrapped: Unwrapped,
    state: ShellState,
    context: TraceContext,
  ): void {
    for (const field of unwrapped.environment) assign(state, field);
    const { budget, script: own, commands } = this.follow;
    const at = context.at ?? placeOf(own, command);
    const { streams, piped } = context;
    const read = streams.input ?? (streams.readsFrom.length > 0 ? undefined : piped);
    const script = unwrapped.script ?? scriptOnInput(unwrapped.argv, read);
    commands.push({
      id: budget.nextId++,
      argv: unwrapped.argv,
      ...at,
      ignored: context.ignored,
      stopsOnSuccess: context.stopsOnSuccess === true,
      pipedFrom: context.pipedFrom,
      ...(piped === undefined ? {} : { piped }),
      within: context.within,
      leadsTo: context.leadsTo,
      ...streams,
      ...(script === undefined ? {} : { script: script.text }),
      folder: state.folder,
      variable: (name) => (lookUp(state, name) ?? this.outer(name)).value,
    });
    if (script !== undefined) {
      const { errexit, pipefail } = script;
      const inside = { ...forked(state), errexit, pipefail, positional: [] };
      this.text(script, inside, { ...context, at, guarded: false, inSubshell: true });
    }
    for (const inner of unwrapped.started) this.emit(command, inner, state, context);
  }

  /** The text of a script of its own: `sh -c`, `eval`, what a shell reads from its input, `trap`. */
  private text(
    { text: { text } }: NonNullable<Unwrapped['script']>,
    state: ShellState,
    context: TraceContext & { readonly at: NonNullable<TraceContext['at']> },
  ): void {
    const { budget, list } = this.follow;
    const { range } = context.at;
    budget.characters -= text.length;
    if (budget.characters < 0) {
      budget.unread.push({ range, reason: 'more scripts inside commands than are read' });
      return;
    }
    const parsed = parseShell(text);
    if (parsed.ok) list(parsed.value, state, deeper(context));
    else
      budget.unread.push({
        range,
        reason: `a script inside this command: ${parsed.error.message}`,
      });
  }
}
