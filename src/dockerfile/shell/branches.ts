import { endsScript, type Surrounding } from './failure.ts';
import type { List } from './syntax-tree.ts';

/** A place where a script goes on in one of several ways. */
interface Fork {
  /** Ways to go on; that of an `if` without `else` which does nothing is one of them. */
  readonly branches: number;
  /** Those that surely end the script with a failure. */
  readonly failing: ReadonlySet<number>;
}

/** One of the ways on. */
export interface Branch {
  readonly fork: Fork;
  readonly branch: number;
}

/** The fork with these bodies inside `around`; `branches` counts ways without a body too. */
export function forkOf(
  bodies: readonly (List | undefined)[],
  around: Surrounding,
  branches = bodies.length,
): Fork {
  const failing = bodies.flatMap((body, branch) =>
    body !== undefined && endsScript(body, around) ? [branch] : [],
  );
  return { branches, failing: new Set(failing) };
}

/** The same context, in one branch of a fork. */
export function inBranch<T extends { readonly within: readonly Branch[] }>(
  context: T,
  fork: Fork,
  branch: number,
): T {
  return { ...context, within: [...context.within, { fork, branch }] };
}

/**
 * True where one of several commands has run whenever another one had: `others` are the branches
 * that each of those stands in, `own` those of the one. Each way that a fork may go on has to hold
 * one of them, or end the script.
 */
export function runsWith(own: readonly Branch[], others: readonly (readonly Branch[])[]): boolean {
  return [...own.keys(), own.length].some((length) => covered(own.slice(0, length), others));
}

function covered(path: readonly Branch[], others: readonly (readonly Branch[])[]): boolean {
  const inside = others.filter((branches) =>
    path.every((branch, at) => isSame(branch, branches[at])),
  );
  if (inside.some((branches) => branches.length === path.length)) return true;
  const forks = new Set(inside.flatMap((branches) => branches[path.length]?.fork ?? []));
  return [...forks].some((fork) =>
    Array.from({ length: fork.branches }, (_, branch) => branch).every(
      (branch) => fork.failing.has(branch) || covered([...path, { fork, branch }], inside),
    ),
  );
}

function isSame(a: Branch, b: Branch | undefined): boolean {
  return a.fork === b?.fork && a.branch === b.branch;
}
