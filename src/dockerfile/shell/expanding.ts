import { printsForeignText } from './counted-values.ts';
import type { Ignored } from './failure.ts';
import type { ExpansionContext } from './fields.ts';
import { type ShellState, forked, lookUp } from './shell-state.ts';
import { NO_STREAMS } from './streams.ts';
import type { List } from './syntax-tree.ts';
import {
  type OuterScope,
  type TraceContext,
  type TracedCommand,
  deeper,
  inSubshell,
} from './traced-command.ts';

/** Follows a list in a state. */
export type Listing = (list: List, state: ShellState, context: TraceContext) => void;

/** What words are expanded with. */
export interface Expanding extends ExpansionContext {
  /** Follows the `>(...)` among the words, with the commands that write to them. */
  readonly written: (from: readonly number[]) => void;
}

/** What the words of a command are expanded with; `ignored` tells why a failure in a substitution is not seen. */
export function expanding(
  follow: {
    readonly commands: readonly TracedCommand[];
    readonly list: Listing;
    readonly outer: OuterScope;
    /** Gets what cannot be read. */
    readonly unread: (reason: string) => void;
  },
  state: ShellState,
  context: TraceContext,
  ignored: Ignored,
): Expanding {
  const waiting: List[] = [];
  const inside = inSubshell({ ...deeper(context), ignored: context.ignored ?? ignored });
  const run = (body: List, pipedFrom: readonly number[]): void => {
    // bash drops `set -e` in a substitution.
    const own = { ...forked(state), errexit: false, streams: NO_STREAMS };
    follow.list(body, own, { ...inside, streams: NO_STREAMS, pipedFrom, piped: undefined });
  };
  return {
    positional: state.positional,
    variable: (name) => lookUp(state, name) ?? follow.outer.variable(name),
    counted: (sources) => {
      if (state.bash && printsForeignText(sources, follow.commands))
        follow.unread('bash counts with what a command prints, and may run a part of it');
    },
    substitution: ({ body, process }) => {
      if (process === '>') {
        waiting.push(body);
        return [];
      }
      const before = follow.commands.length;
      run(body, []);
      return follow.commands.slice(before).map(({ id }) => id);
    },
    written: (from) => {
      for (const body of waiting) run(body, from);
    },
  };
}
