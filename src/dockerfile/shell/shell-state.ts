import type { Branch } from './branches.ts';
import { type Field, type Variable, variableOf } from './fields.ts';
import { NO_STREAMS, type Streams, streamsIn } from './streams.ts';
import type { Command } from './syntax-tree.ts';

/** Among what is replaced: the shell reads its commands and runs none (`set -n`). */
export const UNRUN = '-n';

interface Reached {
  readonly branch: Branch;
  readonly leaves: 'script' | 'function' | 'loop';
}

/** What a running shell would hold at one place of a script. */
export interface ShellState {
  variables: Map<string, Variable>;
  functions: Map<string, Command>;
  positional: readonly Field[];
  /** Programs that an alias or `hash -p` may have replaced; `*` for all; UNRUN where none runs. */
  replaced: Set<string>;
  /** `declare -n` or a name that was not known: what any variable holds is not known. */
  hasReferences: boolean;
  /** Where `exec` without a command led input and output of the shell. */
  streams: Streams;
  /** A trap may end the script with success. */
  trapped: boolean;
  /** Branches that go on past an earlier `exit 0`, `return` or `break`. */
  reached: readonly Reached[];
  /** The shell is bash for sure; else any POSIX shell. */
  bash: boolean;
  errexit: boolean;
  pipefail: boolean;
  /** Absolute where it is known, else ''. */
  folder: string;
}

/** A copy for a subshell or a branch: what happens in it does not come back. */
export function forked(state: ShellState): ShellState {
  return {
    ...state,
    variables: new Map(state.variables),
    functions: new Map(state.functions),
    replaced: new Set(state.replaced),
  };
}

/** A copy for a part of a pipeline, whose pipe takes the place of what `exec` led to. */
export function piping(state: ShellState, index: number): ShellState {
  const { writesTo } = state.streams;
  const streams = index === 0 ? state.streams : { ...NO_STREAMS, writesTo };
  return { ...forked(state), streams };
}

/** A shell that starts: nothing is set yet. */
export function freshState(
  given: Pick<ShellState, 'errexit' | 'pipefail' | 'folder' | 'bash'>,
): ShellState {
  return {
    variables: new Map(),
    functions: new Map(),
    positional: [],
    replaced: new Set(),
    hasReferences: false,
    streams: NO_STREAMS,
    trapped: false,
    reached: [],
    ...given,
  };
}

/** From here on the script is one that was not left. */
export function mayHaveLeft(state: ShellState, leaves: Reached['leaves']): void {
  const fork = { branches: 2, failing: new Set<number>() };
  state.reached = [...state.reached, { branch: { fork, branch: 0 }, leaves }];
}

/** Takes over what a part of a script left in the same shell: options, names, possible exits. */
export function takeOver(state: ShellState, from: ShellState, ends?: Reached['leaves']): void {
  const left = from.reached.slice(state.reached.length).filter(({ leaves }) => leaves !== ends);
  const [first] = left;
  if (first !== undefined)
    mayHaveLeft(state, left.some(({ leaves }) => leaves === 'script') ? 'script' : first.leaves);
  state.errexit &&= from.errexit;
  state.pipefail &&= from.pipefail;
  state.trapped ||= from.trapped;
  state.hasReferences ||= from.hasReferences;
  state.streams = streamsIn(state.streams, from.streams);
  for (const name of from.replaced) state.replaced.add(name);
}

/** What a script set a name to; undefined where it did not. */
export function lookUp(state: ShellState, name: string): Variable | undefined {
  if (/^\d+$/.test(name)) return variableOf(state.positional[Number(name) - 1]);
  return state.hasReferences ? { value: undefined, sources: [] } : state.variables.get(name);
}

/** Takes a word of the form `NAME=value` as an assignment. */
export function assign(state: ShellState, field: Field): void {
  const equals = field.text.indexOf('=');
  const value = variableOf({ ...field, text: field.text.slice(equals + 1) });
  if (equals > 0) state.variables.set(field.text.slice(0, equals), value);
}

/** Makes unknown what the branches set, since only one of them (or none) ran. */
export function mergeBranches(state: ShellState, branches: readonly ShellState[]): void {
  for (const branch of branches) {
    for (const [name, variable] of branch.variables) {
      if (state.variables.get(name) === variable) continue;
      state.variables.set(name, { value: undefined, sources: variable.sources });
    }
    for (const [name, body] of branch.functions) state.functions.set(name, body);
    if (branch.folder !== state.folder) state.folder = '';
    takeOver(state, branch);
  }
}

/** The folder that a path with a pattern in it begins with: `src/` of `src/*.ts`. */
export function folderOfPattern(path: string): string {
  return path.replace(/(?<![^/])[^/*?[]*[*?[].*/s, '');
}

/** A path with `.`, `..`, or a slash too many. */
const UNTIDY = /\/\.{0,2}(?:\/|$)|^\.{1,2}(?:\/|$)/;

/** Joins a path to the working directory, without `.` and `..`; relative if that is not known. */
export function pathIn(folder: string, path: string): string {
  const joined = path.startsWith('/') || folder === '' ? path : `${folder}/${path}`;
  if (!UNTIDY.test(joined)) return joined;
  const parts: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0) parts.pop();
    else if (part !== '..') parts.push(part);
  }
  return (joined.startsWith('/') ? '/' : '') + parts.join('/');
}
