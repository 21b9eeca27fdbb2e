import type { PlannedEdit } from './planned-edit.ts';
import type { Scorecard } from './scorecard.ts';
import type { SmokeResult } from './smoke.ts';

/** What a Dockerfile came to when it was built. */
export interface ProvenBuild {
  readonly scorecard: Scorecard;
  readonly smoke: SmokeResult;
}

/** An edit that is not kept, and what it broke. */
export interface TakenBack {
  readonly edit: PlannedEdit;
  readonly broke: 'build' | 'answer' | 'grade';
  readonly reason: string;
  /** The end of what the failed build or container printed. */
  readonly log: string;
}

/** What building before and after the edits has shown. */
export interface FixProof {
  readonly before: ProvenBuild;
  readonly after: ProvenBuild;
  readonly takenBack: readonly TakenBack[];
  /** How many images were built. */
  readonly builds: number;
}
