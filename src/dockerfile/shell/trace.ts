import { forkOf, inArm } from './arms.ts';
import { isSpecialBuiltin, runBuiltin } from './builtins.ts';
import {
  IGNORED,
  type Ignored,
  endsOnSuccess,
  failureInCondition,
  failureInList,
  isConditional,
  mayBeSkipped,
  stopsOnCondition,
} from './failure.ts';
import { type Surroundings, type Variable, fieldsOf, joined, variableOf } from './fields.ts';
import { leadsOn, surelyHolds } from './known-test.ts';
import { parseShell } from './parse-shell.ts';
import { type ShellState, assign, forked, mergeBranches } from './shell-state.ts';
import type { Command, List, Pipeline, Simple } from './syntax-tree.ts';
import {
  type Script,
  type TraceBudget,
  type TraceContext,
  type TracedCommand,
  conditional,
  deeper,
  inRound,
  placeOf,
  redirected,
  surroundingOf,
} from './traced-command.ts';
import { scriptOnInput, type Unwrapped, unwrap } from './wrappers.ts';

type If = Command & { readonly kind: 'if' };

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
    const leadOn: boolean[] = [];
    list.items.forEach((item, at) => {
      if (this.budget.commands <= 0) return;
      const around = surroundingOf(state, context);
      const ignored = failureInList(list, at, around);
      const guarded = context.guarded || item.operator === '&&' || item.operator === '||';
      const target = isConditional(list, at) ? forked(state) : state;
      const ends = context.stopsOnSuccess === true && at === list.items.length - 1;
      const stopsOnSuccess = ends || endsOnSuccess(list, at, around);
      const skipped = mayBeSkipped(list, at, around, leadOn);
      const where = skipped ? inArm(context, forkOf([], around, 2), 0) : context;
      this.pipeline(item.pipeline, target, { ...where, ignored, guarded, stopsOnSuccess });
      leadOn.push(leadsOn(item, this.commands.at(-1)?.argv));
      if (target !== state) mergeBranches(state, [target]);
    });
  }

  private pipeline(pipeline: Pipeline, state: ShellState, context: TraceContext): void {
    const { elements } = pipeline;
    let pipedFrom = context.pipedFrom;
    elements.forEach((command, index) => {
      let { ignored } = context;
      if (pipeline.negated && !context.guarded) ignored ??= IGNORED.negated;
      if (index < elements.length - 1 && !state.pipefail) ignored ??= IGNORED.pipe;
      const before = this.commands.length;
      const own = elements.length === 1 ? state : forked(state);
      const inSubshell = context.inSubshell === true || elements.length > 1;
      this.command(command, own, { ...context, ignored, pipedFrom, inSubshell });
      pipedFrom = [...pipedFrom, ...this.commands.slice(before).map((c) => c.id)];
    });
  }

  private command(command: Command, state: ShellState, context: TraceContext): void {
    if (this.budget.commands <= 0) return;
    this.budget.commands -= 1;
    const inner = deeper(context);
    switch (command.kind) {
      case 'simple':
        this.simple(command, state, inner);
        break;
      case 'group':
        if (command.subshell) this.arm(command.body, state, { ...inner, inSubshell: true });
        else this.list(command.body, state, inner);
        break;
      case 'function':
        state.functions.set(command.name, command.body);
        break;
      case 'if':
        this.branches(command, state, inner);
        break;
      case 'loop':
        this.list(command.condition, state, conditional(inner));
        mergeBranches(state, this.arms([command.body], 2, state, inRound(state, inner, false)));
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
    const fork = forkOf(bodies, surroundingOf(state, context), count);
    return bodies.map((body, arm) => this.arm(body, state, inArm(context, fork, arm)));
  }

  private arm(body: List, state: ShellState, context: TraceContext): ShellState {
    const own = forked(state);
    this.list(body, own, context);
    return own;
  }

  private branches(command: If, state: ShellState, context: TraceContext): void {
    const forks: ShellState[] = [];
    const around = surroundingOf(state, context);
    const fork = forkOf([...command.branches.map(({ body }) => body), command.otherwise], around);
    command.branches.forEach(({ condition, body }, index) => {
      const next = command.branches[index + 1] === undefined ? command.otherwise : undefined;
      const ignored = failureInCondition(condition, body, next, around);
      const stopsOnSuccess = stopsOnCondition(condition, body, around);
      const judged = { ...context, ignored, guarded: true, stopsOnSuccess };
      this.list(condition, state, { ...judged, leadsTo: { fork, arm: index } });
      const sure = surelyHolds(condition, this.commands.at(-1)?.argv);
      forks.push(this.arm(body, state, sure ? context : inArm(context, fork, index)));
    });
    const last = inArm(context, fork, command.branches.length);
    if (command.otherwise !== undefined) forks.push(this.arm(command.otherwise, state, last));
    mergeBranches(state, forks);
  }

  private loop(command: Command & { kind: 'for' }, state: ShellState, context: TraceContext): void {
    const around = this.surroundings(state, context, IGNORED.argument);
    const items = command.items.flatMap((word) => fieldsOf(word, around));
    const own = forked(state);
    const rounds = items.length > MAX_ITEMS || items.length === 0 ? [undefined] : items;
    rounds.forEach((item, at) => {
      own.variables.set(command.variable, variableOf(item));
      const isLast = item !== undefined && at === rounds.length - 1;
      this.list(command.body, own, inRound(own, context, isLast));
    });
    mergeBranches(state, [own]);
  }

  private surroundings(state: ShellState, context: TraceContext, ignored: Ignored): Surroundings {
    return {
      positional: state.positional,
      variable: (name) => this.lookUp(state, name),
      substitution: (part) => {
        const before = this.commands.length;
        const failing = context.ignored ?? ignored;
        const inner = { ...deeper(context), ignored: failing, pipedFrom: [], inSubshell: true };
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
      const unknown = { ...field, constant: false, text: '' };
      scope.variables.set(name, variableOf(append ? unknown : field));
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
    for (const field of unwrapped.environment) assign(state, field);
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
    for (const inner of unwrapped.started) this.emit(command, inner, state, context, around);
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
    this.list(parsed.value, own, { ...deeper(context), guarded: false, inSubshell: true });
  }
}
