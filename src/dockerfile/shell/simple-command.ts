import { hidesCommand } from '../../programs/running-variables.ts';
import { isSpecialBuiltin, runBuiltin } from './builtins.ts';
import { doubtOf, mayEndWell } from './command-doubts.ts';
import type { Expanding } from './expanding.ts';
import { IGNORED, type Ignored } from './failure.ts';
import { type Field, type Variable, fieldsOf, joined, variableOf } from './fields.ts';
import { parseShell } from './parse-shell.ts';
import {
  type ShellState,
  UNRUN,
  assign,
  forked,
  mayHaveLeft,
  pathIn,
  takeOver,
} from './shell-state.ts';
import { startsMaybe } from './started-commands.ts';
import { NO_STREAMS, streamsIn } from './streams.ts';
import type { Command, List, Redirect, Simple } from './syntax-tree.ts';
import {
  type FileScript,
  type OuterScope,
  type Script,
  type TraceBudget,
  type TraceContext,
  type TracedCommand,
  type TracedFiles,
  deeper,
  inSubshell,
  placeOf,
  redirected,
  skippable,
  tracedIn,
} from './traced-command.ts';
import { programOf, scriptOnInput, type Unwrapped, onlyReads, unwrap } from './wrappers.ts';

/** What following a simple command needs of the tracer. */
interface Following {
  readonly commands: TracedCommand[];
  readonly budget: TraceBudget;
  readonly script: Script;
  readonly outer: OuterScope;
  readonly files: TracedFiles;
  readonly around: (state: ShellState, context: TraceContext, ignored: Ignored) => Expanding;
  readonly command: (command: Command, state: ShellState, context: TraceContext) => void;
  readonly list: (list: List, state: ShellState, context: TraceContext) => void;
}

/** Follows simple commands: assignments, builtins, function calls, programs and their scripts. */
export class SimpleCommands {
  readonly outer: OuterScope;
  private readonly follow: Following;

  constructor(follow: Following) {
    this.follow = follow;
    this.outer = follow.outer;
  }

  run(command: Simple, state: ShellState, context: TraceContext): void {
    const bare = command.words.length === 0;
    const around = this.follow.around(state, context, bare ? undefined : IGNORED.argument);
    const argv = command.words.flatMap((word) => fieldsOf(word, around));
    if (argv[0]?.text === 'let')
      for (const [name] of argv.flatMap(({ text }) => [...text.matchAll(/[A-Za-z_]\w*/g)]))
        around.counted(around.variable(name).sources);
    const scope = bare || isSpecialBuiltin(argv) ? state : forked(state);
    for (const { name, value, append } of command.assignments) {
      const field = joined(value.parts, around);
      const unknown = { ...field, constant: false, text: '' };
      scope.variables.set(name, variableOf(append ? unknown : field));
    }
    const own = redirected(command.redirects, state.folder, around);
    const streams = streamsIn(streamsIn(context.streams, state.streams), own);
    if (argv.length === 1 && programOf(argv) === 'exec')
      state.streams = streamsIn(
        state.streams,
        redirected(command.redirects.filter(isStandard), state.folder, around),
      );
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
    outside: TraceContext,
  ): void {
    const { budget, files } = this.follow;
    const { folder } = state;
    const context = startsMaybe(argv) ? skippable(outside, state) : outside;
    const unwrapped = unwrap(argv, (path) => files.brought(pathIn(folder, path), budget.nextId));
    const [first, ...rest] = unwrapped.argv;
    if (first?.text === 'trap' && first.constant) this.trap(command, rest, state, context);
    const words = rest.map(({ text }) => text);
    // A builtin that only changes the shell does not count as a command, unless the shell runs one
    // of its words.
    const isDone = runBuiltin(unwrapped.argv, state, context, budget.nextId);
    if (isDone && !hidesCommand(first?.text ?? '', '', words)) return;
    // `command`, `env` and `exec` start a program, never a function of its name.
    const isOwn = unwrapped.argv.length === argv.length || argv[0]?.text === 'time';
    const called = isOwn ? state.functions.get(first?.text ?? '') : undefined;
    if (called === undefined) {
      const { folder: into } = unwrapped;
      const there =
        into === undefined ? scope : { ...forked(scope), folder: into && pathIn(folder, into) };
      this.emit(command, unwrapped, there, context);
      // What exec starts takes the place of the shell.
      if (argv.length > 1 && programOf(argv) === 'exec') mayHaveLeft(state, 'script');
      return;
    }
    const own = { ...forked(scope), positional: rest };
    this.follow.command(called, own, {
      ...context,
      inFunction: true,
      returnFails: context.ignored,
    });
    state.variables = own.variables;
    state.functions = own.functions;
    state.errexit = own.errexit;
    state.pipefail = own.pipefail;
    state.folder = own.folder;
    takeOver(state, own, 'function');
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
    const where = skippable(context, state);
    const script = { text, errexit: state.errexit, pipefail: state.pipefail };
    if (mayEndWell(text, state)) state.trapped = true;
    this.text(script, forked(state), { ...where, at, ignored: IGNORED.trap });
  }

  private emit(
    command: Simple,
    unwrapped: Unwrapped,
    state: ShellState,
    context: TraceContext,
  ): void {
    for (const field of unwrapped.environment) assign(state, field);
    const { budget, script: own, commands, files } = this.follow;
    const at = context.at ?? placeOf(own, command);
    const { streams, piped } = context;
    const { argv } = unwrapped;
    const read = streams.input ?? (streams.readsFrom.length > 0 ? undefined : piped);
    // The script goes on to change its state.
    const variables = new Map(state.variables);
    const variable = (name: string): Variable => variables.get(name) ?? this.outer.variable(name);
    const doubt = doubtOf(command, unwrapped, state);
    const ignored = context.ignored ?? doubt;
    const stopsOnSuccess = context.stopsOnSuccess === true && doubt === undefined;
    const where = tracedIn({ ...context, ignored, stopsOnSuccess });
    const id = budget.nextId++;
    const programPath = pathOf(variable('PATH'), state);
    const seen = { ...where, id, argv, ...at, ...streams, folder: state.folder, programPath };
    const script = unwrapped.script ?? scriptOnInput(argv, read) ?? files.script(seen, programPath);
    const traced = {
      ...seen,
      ...(piped === undefined ? {} : { piped }),
      ...(script === undefined ? {} : { script: script.text }),
      variable: (name: string) => variable(name).value,
      variables: () => allVariables(variables, this.outer),
    };
    commands.push(traced);
    files.ran(traced);
    if (script !== undefined) this.inner(script, argv, state, { ...context, ignored, at });
    for (const inner of unwrapped.started) this.emit(command, inner, state, context);
  }

  private inner(
    script: NonNullable<Unwrapped['script']> | FileScript,
    argv: readonly Field[],
    state: ShellState,
    context: TraceContext & { readonly at: NonNullable<TraceContext['at']> },
  ): void {
    // What a command prints is not known, so that none of it can be followed.
    if (/^\s*\$\(\.\.\.\)\s*$/.test(script.text.text)) return;
    const { errexit, pipefail } = script;
    const ofFile = 'inShell' in script ? script : undefined;
    // eval and `.` run their text in the same shell.
    if (ofFile?.inShell ?? argv[0]?.text === 'eval') this.text(script, state, context);
    else {
      const { bash = programOf(argv) === 'bash', positional = [] } = ofFile ?? {};
      // A shell of its own has no functions of this one.
      const own = { ...forked(state), functions: new Map<string, Command>(), trapped: false };
      if (onlyReads(argv)) own.replaced.add(UNRUN);
      const inside = { ...own, errexit, pipefail, bash, positional, streams: NO_STREAMS };
      this.text(script, inside, { ...inSubshell(context), guarded: false, inFunction: false });
    }
  }

  /** Follows the text of a separate script: `sh -c`, `eval`, `trap`, or a shell's input. */
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

/** The variables that the script set, over those that hold around it. */
function allVariables(
  own: ReadonlyMap<string, Variable>,
  outer: OuterScope,
): ReadonlyMap<string, string | undefined> {
  return new Map([
    ...outer.names.map((name) => [name, outer.variable(name).value] as const),
    ...[...own].map(([name, { value }]) => [name, value] as const),
  ]);
}

/** True where a redirect leads to or from what a command reads or writes by itself. */
function isStandard({ descriptor = 0 }: Redirect): boolean {
  return descriptor <= 1;
}

/** PATH as far as it is known. */
function pathOf({ value, shape }: Variable, state: ShellState): string | undefined {
  const known = value ?? shape ?? (state.variables.has('PATH') ? '$' : undefined);
  // Any variable may have been changed under another name.
  return state.hasReferences ? `$:${known ?? '$PATH'}` : known;
}
