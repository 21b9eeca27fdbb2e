import type { BakeRow, BakeState } from '../../model/bake.ts';
import type { Digest } from '../../model/digest.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { ReportInput } from '../../model/report.ts';
import type { BakeJob } from '../../plans/bake/bake-jobs.ts';
import type { BuildPlan, PassthroughPlan } from '../../plans/build-plan.ts';
import type { BuildResult } from '../image-build/build.ts';

/** How one job ended. */
export interface BakedJob {
  readonly job: BakeJob;
  readonly row: BakeRow;
  readonly report?: ReportInput;
  readonly plan?: BuildPlan | PassthroughPlan;
  /** What it adds to bake's own exit code. */
  readonly exitCode: number;
  /** Why it failed; a terminal can ask a person for what a signer needs. */
  readonly error?: unknown;
  /** As buildx writes it for a target. */
  readonly metadata?: unknown;
}

export function row(
  { target }: BakeJob,
  state: BakeState,
  more: Partial<Omit<BakeRow, 'target' | 'state'>> = {},
): BakeRow {
  return { target: target.name, state, names: target.tags, ...more };
}

export function graded(report: ReportInput | undefined): Pick<BakeRow, 'scorecard'> {
  return report === undefined ? {} : { scorecard: report.scorecard };
}

export function carried(report: ReportInput | undefined): Pick<BakedJob, 'report' | 'exitCode'> {
  return { exitCode: 0, ...(report === undefined ? {} : { report }) };
}

export function over(job: BakeJob, result: BuildResult, digest?: Digest): BakedJob {
  switch (result.kind) {
    case 'planned':
      return { job, row: row(job, 'planned'), plan: result.plan, exitCode: 0 };
    case 'buildx':
      return result.exitCode === 0
        ? { job, row: row(job, 'built', { reason: 'by buildx alone: no image' }), exitCode: 0 }
        : {
            job,
            row: row(job, 'failed', { reason: 'the build failed' }),
            exitCode: result.exitCode,
          };
    case 'short': {
      const reason = result.shortfalls.map(({ message }) => message).join('; ');
      return {
        job,
        row: row(job, 'short', { reason, ...graded(result.report) }),
        report: result.report,
        exitCode: 1,
      };
    }
    case 'done':
      return {
        job,
        row: row(job, 'published', {
          ...(digest === undefined ? {} : { digest }),
          ...graded(result.report),
        }),
        ...carried(result.report),
      };
  }
}

export function skipped(job: BakeJob, reason: string): BakedJob {
  return { job, row: row(job, 'skipped', { reason }), exitCode: 0 };
}

export function failed(job: BakeJob, error: unknown): BakedJob {
  const exitCode = error instanceof UserError ? error.exitCode : 2;
  return { job, row: row(job, 'failed', { reason: messageOf(error) }), exitCode, error };
}
