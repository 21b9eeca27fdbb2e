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
import { programOf } from './wrappers.ts';

/** Follows a list in a state. */
export type Listing = (list: List, state: ShellState, context: TraceContext) => void;

/** What words are expanded with. */
export interface Expanding extends ExpansionContext {
  /** Follows the `>(...)` among the words, with the commands that write to them. */
  readonly written: (from: readonly number[]) => void;
}

/** What a command's words are expanded with; `ignored`: why a failed substitution is not seen. */
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

/** Programs that print numbers, or what they know of this machine. */
const NUMBERS =
  /^(?:nproc|wc|date|id|expr|stat|getconf|seq|shuf|du|df|free|uname|arch|bc|dc|ulimit|tput|sysctl|lscpu|getent|dpkg|dpkg-query|rpm|apk|basename|dirname|pwd|readlink|realpath|test|\[\[?|:|true|false|cd|exit|git|mktemp|node|nodejs|npm|php|php-config|python[\d.]*|ruby|perl|java|go|gcc|ldd|psql|cmp|sleep|kill|ps|pgrep|pidof|command|type|which|set|ls|find|\w*sum)$/;
/** Programs that print what they were given. */
const PRINTS = /^(?:echo|printf)$/;
/** Programs that print parts of a file, or of what is piped to them. */
const PARTS =
  /^(?:cat|tac|head|tail|tr|cut|sed|[gmn]?awk|[ef]?grep|sort|uniq|xargs|tee|rev|read|mapfile|readarray|numfmt|od|xxd|base64)$/;
const OF_KERNEL = /^\/(?:proc|sys)\//;
const MAX_DEPTH = 8;

/** True where commands may print text that others wrote: bash that counts with `a[$(x)]` runs x. */
function printsForeignText(
  sources: readonly number[],
  commands: readonly TracedCommand[],
  depth = 0,
): boolean {
  return sources.some((id) => {
    const command = commands.findLast((one) => one.id === id);
    if (command === undefined) return false;
    const program = programOf(command.argv);
    if (NUMBERS.test(program)) return false;
    if (PRINTS.test(program))
      return (
        depth < MAX_DEPTH &&
        command.argv.some((field) => printsForeignText(field.sources, commands, depth + 1))
      );
    if (!PARTS.test(program)) return true;
    const words = command.argv.slice(1).map(({ text }) => text);
    const files = [...command.readsFrom, ...words.filter((word) => word.includes('/'))];
    if (files.length > 0) return !files.every((file) => OF_KERNEL.test(file));
    // What is piped to it is among the sources too.
    return command.pipedFrom.length === 0 && command.input === undefined;
  });
}
