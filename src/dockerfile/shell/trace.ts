import { forkOf, inBranch } from './branches.ts';
import { type Expanding, type Listing, expanding } from './expanding.ts';
import {
  IGNORED,
  type Ignored,
  endsOnSuccess,
  failureInCondition,
  failureInList,
  endsScript,
  isConditional,
  mayBeSkipped,
} from './failure.ts';
import { fieldsOf, isOneField, joined, variableOf } from './fields.ts';
import { leadsOn, surelyHolds } from './known-test.ts';
import { outputOfAll } from './printed-text.ts';
import { type ShellState, forked, mergeBranches, piping } from './shell-state.ts';
import { SimpleCommands } from './simple-command.ts';
import { NO_STREAMS, streamsIn } from './streams.ts';
import type { Command, List, Pipeline } from './syntax-tree.ts';
import {
  type OuterScope,
  type Script,
  type TraceBudget,
  type TraceContext,
  type TracedCommand,
  type TracedFiles,
  conditional,
  deeper,
  inSubshell,
  inRound,
  placeOf,
  redirected,
  skippable,
  surroundingOf,
  whereReached,
} from './traced-command.ts';

type Of<Kind extends Command['kind']> = Command & { readonly kind: Kind };

const MAX_DEPTH = 40;
const MAX_ITEMS = 64;

/** Follows a script by what is known of its variables. The budget's `unread` lists the rest. */
export class Tracer {
  readonly commands: TracedCommand[] = [];
  private readonly script: Script;
  private readonly budget: TraceBudget;
  private readonly simple: SimpleCommands;

  constructor(script: Script, outer: OuterScope, budget: TraceBudget, files: TracedFiles) {
    this.script = script;
    this.budget = budget;
    this.simple = new SimpleCommands({
      commands: this.commands,
      budget,
      script,
      outer,
      files,
      around: this.surroundings.bind(this),
      command: this.command.bind(this),
      list: this.list.bind(this),
    });
  }

  run(state: ShellState): void {
    const context: TraceContext = {
      ignored: undefined,
      guarded: false,
      depth: 0,
      pipedFrom: [],
      streams: NO_STREAMS,
      within: [],
    };
    this.list(this.script.list, state, context);
  }

  private list(list: List, state: ShellState, context: TraceContext): void {
    const leadOn: boolean[] = [];
    list.items.forEach((item, at) => {
      if (this.budget.commands <= 0) return;
      const here = whereReached(context, state);
      const around = surroundingOf(state, here);
      const ignored = failureInList(list, at, around);
      const guarded = context.guarded || item.operator === '&&' || item.operator === '||';
      const target = isConditional(list, at) ? forked(state) : state;
      const ends = context.stopsOnSuccess === true && at === list.items.length - 1;
      const stopsOnSuccess = ends || endsOnSuccess(list, at, around);
      const skipped = mayBeSkipped(list, at, around, leadOn);
      const where = skipped ? skippable(here, state) : here;
      this.pipeline(item.pipeline, target, { ...where, ignored, guarded, stopsOnSuccess });
      leadOn.push(leadsOn(item, this.commands.at(-1)?.argv));
      if (target !== state) mergeBranches(state, [target]);
    });
  }

  private pipeline(pipeline: Pipeline, state: ShellState, context: TraceContext): void {
    const { elements, negated } = pipeline;
    let { pipedFrom, piped } = context;
    const failing = negated && context.stopsOnSuccess !== true ? IGNORED.negated : undefined;
    const whole = negated ? failing : context.ignored;
    const succeeding = negated ? context.ignored === undefined : context.stopsOnSuccess === true;
    elements.forEach((command, index) => {
      const isLast = index === elements.length - 1;
      const ignored = isLast || state.pipefail ? whole : (whole ?? IGNORED.pipe);
      const before = this.commands.length;
      const own = elements.length === 1 ? state : piping(state, index);
      const here = { ...context, ignored, stopsOnSuccess: isLast && succeeding, pipedFrom, piped };
      this.command(command, own, elements.length === 1 ? here : inSubshell(here));
      const traced = this.commands.slice(before);
      pipedFrom = [...pipedFrom, ...traced.map((c) => c.id)];
      piped = outputOfAll(traced);
    });
  }

  private command(command: Command, state: ShellState, context: TraceContext): void {
    if (this.budget.commands <= 0) return;
    this.budget.commands -= 1;
    if (context.depth > MAX_DEPTH) {
      const { range } = context.at ?? placeOf(this.script, command);
      this.budget.unread.push({ range, reason: 'shell is nested too deeply' });
      return;
    }
    const inner = deeper(context);
    if (command.kind === 'simple') this.simple.run(command, state, inner);
    else if (command.kind === 'function') {
      state.functions.set(command.name, command.body);
      // bash calls it for each program that is not there.
      if (command.name === 'command_not_found_handle') state.replaced.add('*');
    } else this.compound(command, state, inner);
  }

  /** A compound command, whose redirects hold for all that runs inside. */
  private compound(
    command: Of<'if' | 'loop' | 'for' | 'case' | 'group'>,
    state: ShellState,
    context: TraceContext,
  ): void {
    const around = this.surroundings(state, context, IGNORED.argument);
    const own = redirected(command.redirects, state.folder, around);
    const streams = streamsIn(streamsIn(context.streams, state.streams), own);
    const kept = state.streams;
    const isRedirected = command.redirects.length > 0;
    if (isRedirected) state.streams = NO_STREAMS;
    const before = this.commands.length;
    const inner = { ...context, streams };
    switch (command.kind) {
      case 'group':
        if (command.subshell) this.branch(command.body, state, inSubshell(inner));
        else this.list(command.body, state, inner);
        break;
      case 'if':
        this.ifElse(command, state, inner);
        break;
      case 'loop':
        this.list(command.condition, state, conditional(inner));
        this.ends(state, this.branches([command.body], 2, state, inRound(state, inner, false)));
        break;
      case 'for':
        this.loop(command, state, inner);
        break;
      case 'case':
        this.cases(command, state, inner);
        break;
    }
    if (isRedirected) state.streams = kept;
    around.written(this.commands.slice(before).map(({ id }) => id));
  }

  private cases(command: Of<'case'>, state: ShellState, context: TraceContext): void {
    const around = this.surroundings(state, context, IGNORED.argument);
    joined(command.subject.parts, around);
    for (const { patterns } of command.arms)
      for (const { parts } of patterns) joined(parts, around);
    const takesAll = command.arms.some(({ patterns }) => patterns.some(({ text }) => text === '*'));
    const bodies = command.arms.map(({ body }) => body);
    const ways = bodies.length + (takesAll ? 0 : 1);
    mergeBranches(state, this.branches(bodies, ways, state, context));
  }

  private branches(
    bodies: readonly List[],
    count: number,
    state: ShellState,
    context: TraceContext,
  ): readonly ShellState[] {
    const fork = forkOf(bodies, surroundingOf(state, context), count);
    return bodies.map((body, branch) => this.branch(body, state, inBranch(context, fork, branch)));
  }

  private branch(body: List, state: ShellState, context: TraceContext): ShellState {
    const own = forked(state);
    this.list(body, own, context);
    return own;
  }

  private ifElse(command: Of<'if'>, state: ShellState, context: TraceContext): void {
    const forks: ShellState[] = [];
    const around = surroundingOf(state, context);
    const fork = forkOf([...command.branches.map(({ body }) => body), command.otherwise], around);
    command.branches.forEach(({ condition, body }, index) => {
      const next = command.branches[index + 1] === undefined ? command.otherwise : undefined;
      const ignored = failureInCondition(next, around);
      const stopsOnSuccess = endsScript(body, around);
      const judged = { ...context, ignored, guarded: true, stopsOnSuccess };
      this.list(condition, state, { ...judged, leadsTo: { fork, branch: index } });
      const sure = surelyHolds(condition, this.commands.at(-1)?.argv);
      forks.push(this.branch(body, state, sure ? context : inBranch(context, fork, index)));
    });
    const last = inBranch(context, fork, command.branches.length);
    if (command.otherwise !== undefined) forks.push(this.branch(command.otherwise, state, last));
    mergeBranches(state, forks);
  }

  private loop(command: Of<'for'>, state: ShellState, context: TraceContext): void {
    const around = this.surroundings(state, context, IGNORED.argument);
    const items = command.items.flatMap((word) => fieldsOf(word, around));
    const own = forked(state);
    const isSure =
      command.items.some(({ parts }) => isOneField(parts)) ||
      items.some(({ constant }) => constant);
    const inner = isSure ? context : skippable(context, state);
    const rounds = items.length > MAX_ITEMS || items.length === 0 ? [undefined] : items;
    rounds.forEach((item, at) => {
      own.variables.set(command.variable, variableOf(item));
      const isLast = item !== undefined && at === rounds.length - 1;
      this.list(command.body, own, inRound(own, inner, isLast));
    });
    this.ends(state, [own]);
  }

  /** After a loop, `break` has left nothing more. */
  private ends(state: ShellState, rounds: readonly ShellState[]): void {
    for (const round of rounds)
      round.reached = round.reached.filter(({ leaves }) => leaves !== 'loop');
    mergeBranches(state, rounds);
  }

  private surroundings(state: ShellState, context: TraceContext, ignored: Ignored): Expanding {
    const list: Listing = (body, own, inner) => {
      this.list(body, own, inner);
    };
    const { script, commands, simple } = this;
    const unread = (reason: string): void => {
      const { range } = context.at ?? placeOf(script, { start: 0, end: script.text.length });
      this.budget.unread.push({ range, reason });
    };
    return expanding({ commands, list, outer: simple.outer, unread }, state, context, ignored);
  }
}
