import { endsScript, type Surrounding } from './failure.ts';
import type { List } from './syntax-tree.ts';

/** A place where a script goes on in one of several ways. */
interface Fork {
  /** Ways to go on; that of an `if` without `else` which does nothing is one of them. */
  readonly arms: number;
  /** Those that surely end the script with a failure. */
  readonly failing: ReadonlySet<number>;
}

/** One of the ways on. */
export interface Arm {
  readonly fork: Fork;
  readonly arm: number;
}

/** The fork with these bodies, which stands in `around`; `arms` where there are ways without one. */
export function forkOf(
  bodies: readonly (List | undefined)[],
  around: Surrounding,
  arms = bodies.length,
): Fork {
  const failing = bodies.flatMap((body, arm) =>
    body !== undefined && endsScript(body, around) ? [arm] : [],
  );
  return { arms, failing: new Set(failing) };
}

/** The same context, in one arm of a fork. */
export function inArm<T extends { readonly within: readonly Arm[] }>(
  context: T,
  fork: Fork,
  arm: number,
): T {
  return { ...context, within: [...context.within, { fork, arm }] };
}

/**
 * True where one of several commands has run whenever another one had: `others` are the arms that each of those stands in, `own` those
 * of the one. Each way that a fork may go on has to hold one of them, or end the script.
 */
export function runsWith(own: readonly Arm[], others: readonly (readonly Arm[])[]): boolean {
  return [...own.keys(), own.length].some((length) => covered(own.slice(0, length), others));
}

function covered(path: readonly Arm[], others: readonly (readonly Arm[])[]): boolean {
  const inside = others.filter((arms) => path.every((arm, at) => isSame(arm, arms[at])));
  if (inside.some((arms) => arms.length === path.length)) return true;
  const forks = new Set(inside.flatMap((arms) => arms[path.length]?.fork ?? []));
  return [...forks].some((fork) =>
    Array.from({ length: fork.arms }, (_, arm) => arm).every(
      (arm) => fork.failing.has(arm) || covered([...path, { fork, arm }], inside),
    ),
  );
}

function isSame(a: Arm, b: Arm | undefined): boolean {
  return a.fork === b?.fork && a.arm === b.arm;
}
