import { type Field, type Variable, variableOf } from './fields.ts';
import type { Command } from './syntax-tree.ts';

/** What a running shell would hold at one place of a script. */
export interface ShellState {
  variables: Map<string, Variable>;
  functions: Map<string, Command>;
  positional: readonly Field[];
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
  };
}

/** What a script set a name to; undefined where it did not. */
export function lookUp(state: ShellState, name: string): Variable | undefined {
  if (/^\d+$/.test(name)) return variableOf(state.positional[Number(name) - 1]);
  return state.variables.get(name);
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
  }
}

/** Joins a path to the working directory and takes `.` and `..` out; relative where the directory is not known. */
export function pathIn(folder: string, path: string): string {
  const joined = path.startsWith('/') || folder === '' ? path : `${folder}/${path}`;
  const parts: string[] = [];
  for (const part of joined.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0) parts.pop();
    else if (part !== '..') parts.push(part);
  }
  return (joined.startsWith('/') ? '/' : '') + parts.join('/');
}
