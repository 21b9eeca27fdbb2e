import { UserError } from '../../model/errors.ts';
import type { LockChange } from '../../model/lock.ts';
import type { BuildPlan, PassthroughPlan } from '../../plans/build-plan.ts';
import { changeLines } from '../../plans/lock/lock-change-text.ts';
import { withoutTarget } from '../../plans/lock/plan-lock.ts';

/**
 * Throws UserError (exit code 2) if `--locked` is given and what is known before the build differs
 * from the lock, or there is no image to check.
 */
export function requireNoDrift(plan: BuildPlan | PassthroughPlan, locked: boolean): void {
  if (!locked) return;
  if (plan.kind === 'passthrough')
    throw new UserError(`--locked: ${plan.reason}, so that the lock cannot be enforced`);
  const { lock, hermetic } = plan;
  if (lock === undefined) return;
  const drift = hermetic === undefined ? lock.drift : withoutTarget(lock.drift);
  if (drift.length > 0) throw driftError(lock.path, drift);
}

/** What `--locked` ends with: each thing that is not as the lock says. */
export function driftError(path: string, changes: readonly LockChange[]): UserError {
  return new UserError(
    [`--locked: the build departs from ${path}`, ...changeLines(changes)].join('\n  '),
    { nextStep: 'scoville lock PATH takes it into the lock; nothing was published' },
  );
}
