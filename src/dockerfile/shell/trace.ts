import { forkOf, inArm } from './arms.ts';
import { isSpecialBuiltin, runBuiltin } from './builtins.ts';
import {
  IGNORED,
  type Ignored,
  endsFailing,
  endsOnSuccess,
  failureInCondition,
  failureInList,
  isConditional,
  isNegated,
  mayBeSkipped,
} from './failure.ts';
import { type Surroundings, type Variable, fieldsOf, joined, variableOf } from './fields.ts';
import { parseShell } from './parse-shell.ts';
import { type ShellState, forked, mergeBranches } from './shell-state.ts';
import type { Command, List, Pipeline, Simple } from './syntax-tree.ts';
import {
  type Script,
  type TraceBudget,
  type TraceContext,
  type TracedCommand,
  placeOf,
  redirected,
} from './traced-command.ts';
import { scriptOnInput, type Unwrapped, unwrap } from './wrappers.ts';

const MAX_DEPTH = 24;
const MAX_ITEMS = 64;

/** Follows a script with what is known of its variables; stops quietly when the budget is used up. */
export class Tracer {
  readonly commands: TracedCommand[] = [];
  private readonly script: Script;
  private readonly budget: TraceBudget;
  private readonly outer: (name: string) => Variable;

  constructor(script: Script, outer: (name: string) => Variable, budget: TraceBudget) {
    this.script = script;
    this.outer = outer;
    this.budget = budget;
  }

  run(state: ShellState): void {
    const context = { ignored: undefined, guarded: false, depth: 0, pipedFrom: [], within: [] };
    this.list(this.script.list, state, context);
  }

  private list(list: List, state: ShellState, context: TraceContext): void {
    if (context.depth > MAX_DEPTH) return;
    list.items.forEach((item, at) => {
      if (this.budget.commands <= 0) return;
      const errexit = state.errexit && !context.guarded;
      const ignored = failureInList(list, at, errexit, context.ignored);
      const guarded = context.guarded || item.operator === '&&' || item.operator === '||';
      const target = isConditional(list, at) ? forked(state) : state;
      const ends = context.stopsOnSuccess === true && at === list.items.length - 1;
      const stopsOnSuccess = ends || endsOnSuccess(list, at);
      const skipped = mayBeSkipped(list, at, errexit, context.ignored);
      const around = skipped ? inArm(context, forkOf([], 2), 0) : context;
      this.pipeline(item.pipeline, target, { ...around, ignored, guarded, stopsOnSuccess });
      if (target !== state) mergeBranches(state, [target]);
    });
  }

  private pipeline(pipeline: Pipeline, state: ShellState, context: TraceContext): void {
    const { elements } = pipeline;
    let pipedFrom = context.pipedFrom;
    elements.forEach((command, index) => {
      const last = index === elements.length - 1;
      let { ignored } = context;
      if (pipeline.negated && !context.guarded) ignored ??= IGNORED.negated;
      if (!last && !state.pipefail) ignored ??= IGNORED.pipe;
      const before = this.commands.length;
      const own = elements.length === 1 ? state : forked(state);
      this.command(command, own, { ...context, ignored, pipedFrom });
      pipedFrom = [...pipedFrom, ...this.commands.slice(before).map((c) => c.id)];
    });
  }

  private command(command: Command, state: ShellState, context: TraceContext): void {
    if (this.budget.commands <= 0) return;
    this.budget.commands -= 1;
    const inner = { ...context, depth: context.depth + 1 };
    switch (command.kind) {
      case 'simple':
        this.simple(command, state, inner);
        break;
      case 'group':
        this.list(command.body, command.subshell ? forked(state) : state, inner);
        break;
      case 'function':
        state.functions.set(command.name, command.body);
        break;
      case 'if':
        this.branches(command, state, inner);
        break;
      case 'loop':
        this.list(command.condition, state, {
          ...inner,
          ignored: inner.ignored ?? IGNORED.condition,
          guarded: true,
        });
        mergeBranches(state, this.arms([command.body], 2, state, inner));
        break;
      case 'for':
        this.loop(command, state, inner);
        break;
      case 'case':
        joined(command.subject.parts, this.surroundings(state, inner, IGNORED.argument));
        mergeBranches(state, this.arms(command.arms, command.arms.length, state, inner));
        break;
    }
  }

  private arms(
    bodies: readonly List[],
    count: number,
    state: ShellState,
    context: TraceContext,
  ): readonly ShellState[] {
    const fork = forkOf(bodies, count);
    return bodies.map((body, arm) => this.arm(body, state, inArm(context, fork, arm)));
  }

  private arm(body: List, state: ShellState, context: TraceContext): ShellState {
    const own = forked(state);
    this.list(body, own, context);
    return own;
  }

  private branches(
    command: Command & { kind: 'if' },
    state: ShellState,
    context: TraceContext,
  ): void {
    const forks: ShellState[] = [];
    const fork = forkOf([...command.branches.map(({ body }) => body), command.otherwise]);
    command.branches.forEach(({ condition, body }, index) => {
      const next = command.branches[index + 1] === undefined ? command.otherwise : undefined;
      const ignored = failureInCondition(condition, body, next);
      const stopsOnSuccess = endsFailing(body) && !isNegated(condition);
      const judged = { ...context, ignored, guarded: true, stopsOnSuccess };
      this.list(condition, state, { ...judged, leadsTo: { fork, arm: index } });
      forks.push(this.arm(body, state, inArm(context, fork, index)));
    });
    const last = command.otherwise;
    if (last !== undefined)
      forks.push(this.arm(last, state, inArm(context, fork, command.branches.length)));
    mergeBranches(state, forks);
  }

  private loop(command: Command & { kind: 'for' }, state: ShellState, context: TraceContext): void {
    const around = this.surroundings(state, context, IGNORED.argument);
    const items = command.items.flatMap((word) => fieldsOf(word, around));
    const own = forked(state);
    const rounds = items.length > MAX_ITEMS || items.length === 0 ? [undefined] : items;
    for (const item of rounds) {
      own.variables.set(command.variable, variableOf(item));
      this.list(command.body, own, context);
    }
    mergeBranches(state, [own]);
  }

  private surroundings(state: ShellState, context: TraceContext, ignored: Ignored): Surroundings {
    return {
      positional: state.positional,
      variable: (name) => this.lookUp(state, name),
      substitution: (part) => {
        const before = this.commands.length;
        const failing = context.ignored ?? ignored;
        const inner = { ...context, depth: context.depth + 1, ignored: failing, pipedFrom: [] };
        this.list(part.body, forked(state), inner);
        return this.commands.slice(before).map((c) => c.id);
      },
    };
  }

  private lookUp(state: ShellState, name: string): Variable {
    if (/^\d+$/.test(name)) return variableOf(state.positional[Number(name) - 1]);
    return state.variables.get(name) ?? this.outer(name);
  }

  private simple(command: Simple, state: ShellState, context: TraceContext): void {
    const bare = command.words.length === 0;
    const around = this.surroundings(state, context, bare ? undefined : IGNORED.argument);
    const argv = command.words.flatMap((word) => fieldsOf(word, around));
    const scope = bare || isSpecialBuiltin(argv) ? state : forked(state);
    for (const { name, value, append } of command.assignments) {
      const field = joined(value.parts, around);
      const known = field.constant && !append;
      scope.variables.set(name, { value: known ? field.text : undefined, sources: field.sources });
    }
    if (argv.length === 0) return;
    const unwrapped = unwrap(argv);
    if (runBuiltin(unwrapped.argv, state)) return;
    const called = state.functions.get(unwrapped.argv[0]?.text ?? '');
    if (called !== undefined) {
      const own = { ...forked(scope), positional: unwrapped.argv.slice(1) };
      this.command(called, own, context);
      state.variables = own.variables;
      return;
    }
    this.emit(command, unwrapped, scope, context, around);
  }

  private emit(
    command: Simple,
    unwrapped: Unwrapped,
    state: ShellState,
    context: TraceContext,
    around: Surroundings,
  ): void {
    for (const { text, constant } of unwrapped.environment) {
      const equals = text.indexOf('=');
      const value = constant ? text.slice(equals + 1) : undefined;
      state.variables.set(text.slice(0, equals), { value, sources: [] });
    }
    const at = context.at ?? placeOf(this.script, command);
    const streams = redirected(command.redirects, state.folder, around);
    const script = unwrapped.script ?? scriptOnInput(unwrapped.argv, streams.input);
    this.commands.push({
      id: this.budget.nextId++,
      argv: unwrapped.argv,
      ...at,
      ignored: context.ignored,
      stopsOnSuccess: context.stopsOnSuccess === true,
      pipedFrom: context.pipedFrom,
      within: context.within,
      leadsTo: context.leadsTo,
      ...streams,
      ...(script === undefined ? {} : { script: script.text }),
      folder: state.folder,
      variable: (name) => this.lookUp(state, name).value,
    });
    if (script !== undefined) this.runText(script, state, { ...context, at });
  }

  private runText(
    script: NonNullable<Unwrapped['script']>,
    state: ShellState,
    context: TraceContext,
  ): void {
    const parsed = parseShell(script.text.text);
    if (!parsed.ok || context.depth > MAX_DEPTH) return;
    const { errexit, pipefail } = script;
    const own = { ...forked(state), errexit, pipefail, positional: [] };
    this.list(parsed.value, own, { ...context, depth: context.depth + 1, guarded: false });
  }
}
